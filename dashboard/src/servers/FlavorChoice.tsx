// Sizes as a table to choose from; those that are too small for the image say what they lack.
import { Radio, SegmentedControl, Stack, Table, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Flavor, Image } from "../api/models";
import { Scroll } from "../parts/Scroll";
import { mib } from "../parts/times";
import { lacks } from "./launch_model";
import { isMetal } from "./words";

interface Props {
  flavors: Flavor[];
  image: Image | undefined;
  value: string | null;
  choose: (id: string) => void;
}

const SEARCH_FROM = 12;

export function FlavorChoice({ flavors, image, value, choose }: Props) {
  const { t } = useTranslation("servers");
  const [wanted, setMetal] = useState<boolean | null>(null);
  const [text, setText] = useState("");
  const chosen = flavors.find((one) => one.id === value);
  const metal = wanted ?? (chosen !== undefined && isMetal(chosen));
  const bySize = (a: Flavor, b: Flavor) => a.ram - b.ram || a.vcpus - b.vcpus || a.disk - b.disk;
  const kind = flavors.filter((one) => isMetal(one) === metal).sort(bySize);
  const shown = kind.filter((one) => one.name.toLowerCase().includes(text.toLowerCase()));
  return (
    <Stack gap="sm">
      <SegmentedControl
        value={metal ? "metal" : "guest"}
        onChange={(kindOf) => setMetal(kindOf === "metal")}
        aria-label={t("kind")}
        data={[
          { value: "guest", label: t("launch.virtual") },
          { value: "metal", label: t("launch.physical") },
        ]}
      />
      {kind.length >= SEARCH_FROM && (
        <TextInput
          size="xs"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          placeholder={t("launch.find")}
          aria-label={t("launch.find")}
        />
      )}
      {metal && kind.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("launch.noMetal")}
        </Text>
      ) : (
        <Scroll label={t("launch.size")}>
          <Table fz="sm" verticalSpacing={7} miw={420} highlightOnHover>
            <Table.Tbody>
              {shown.map((one) => {
                const short = lacks(one, image);
                return (
                  <Table.Tr key={one.id} onClick={() => !short && choose(one.id)}>
                    <Table.Td>
                      <Radio
                        name="flavor"
                        value={one.id}
                        checked={one.id === value}
                        disabled={short !== null}
                        onChange={() => choose(one.id)}
                        label={one.name}
                        description={
                          short &&
                          t("launch.tooSmall", {
                            need: [
                              short.ram && mib(short.ram),
                              short.disk && `${short.disk} GiB ${t("launch.disk")}`,
                            ]
                              .filter(Boolean)
                              .join(", "),
                          })
                        }
                      />
                    </Table.Td>
                    <Table.Td ta="right">{one.vcpus} vCPU</Table.Td>
                    <Table.Td ta="right">{mib(one.ram)}</Table.Td>
                    <Table.Td ta="right">
                      {one.disk} GiB {t("launch.disk")}
                    </Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
    </Stack>
  );
}
