// Two languages, one file for each area and language, loaded when the area is first shown.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type admin from "../admin/en.json";
import type app from "./en.json";
import type baremetal from "../baremetal/en.json";
import type consoles from "../consoles/en.json";
import type identity from "../identity/en.json";
import type images from "../images/en.json";
import type keypairs from "../keypairs/en.json";
import type metrics from "../metrics/en.json";
import type networks from "../networks/en.json";
import type overview from "../overview/en.json";
import type parts from "../parts/en.json";
import type servers from "../servers/en.json";
import type volumes from "../volumes/en.json";
import { prefer, preferred } from "./preferences";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "app";
    resources: {
      admin: typeof admin;
      app: typeof app;
      baremetal: typeof baremetal;
      consoles: typeof consoles;
      identity: typeof identity;
      images: typeof images;
      keypairs: typeof keypairs;
      metrics: typeof metrics;
      networks: typeof networks;
      overview: typeof overview;
      parts: typeof parts;
      servers: typeof servers;
      volumes: typeof volumes;
    };
  }
}

export const LANGUAGES = { en: "English", ja: "日本語" } as const;
export type Language = keyof typeof LANGUAGES;

const files = import.meta.glob<{ default: Record<string, string> }>("../*/{en,ja}.json");

const fromFiles = {
  type: "backend" as const,
  init: () => undefined,
  read(language: string, area: string, tell: (error: unknown, found: unknown) => void) {
    const path = area === "app" ? `./${language}.json` : `../${area}/${language}.json`;
    const load = files[`../${area}/${language}.json`] ?? files[path];
    if (!load) tell(new Error(`there is no ${language} for ${area}`), null);
    else
      load().then(
        (module) => tell(null, module.default),
        (error: unknown) => tell(error, null),
      );
  },
};

function firstLanguage(): Language {
  const wanted = [preferred("language"), ...navigator.languages];
  const found = wanted.find((one) => one && one.slice(0, 2) in LANGUAGES);
  return (found?.slice(0, 2) ?? "en") as Language;
}

/** areas: whose words the first page needs at once. */
export async function startI18n(areas: string[]): Promise<void> {
  i18next.on("languageChanged", (language) => (document.documentElement.lang = language));
  await i18next
    .use(fromFiles)
    .use(initReactI18next)
    .init({
      lng: firstLanguage(),
      fallbackLng: "en",
      supportedLngs: Object.keys(LANGUAGES),
      ns: areas,
      defaultNS: "app",
      interpolation: { escapeValue: false },
      keySeparator: false,
      nsSeparator: ":",
    });
}

export function chooseLanguage(language: Language): void {
  prefer("language", language);
  void i18next.changeLanguage(language);
}
