// Links in Mantine's clothes that know every route: a wrong path or parameter does not compile.
import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import { type AnchorHTMLAttributes, type Ref } from "react";

type Native<Props> = Props &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & { ref?: Ref<HTMLAnchorElement> };

export const TextLink = createLink(function TextLink(props: Native<AnchorProps>) {
  return <Anchor size="sm" {...props} />;
});

export const ButtonLink = createLink(function ButtonLink(props: Native<ButtonProps>) {
  return <Button component="a" {...props} />;
});
