// What a person likes, kept by the browser for the next visit. Never a secret.
/* eslint no-restricted-globals: "off" */

export type Preference = "language" | "project" | "domain" | "user";

export function preferred(name: Preference): string | null {
  try {
    return localStorage.getItem(`unkai.${name}`);
  } catch {
    return null;
  }
}

/** The colour scheme chosen in the dashboard, where its component library keeps it. */
export function preferredScheme(): "light" | "dark" | null {
  try {
    const found = localStorage.getItem("mantine-color-scheme-value");
    return found === "light" || found === "dark" ? found : null;
  } catch {
    return null;
  }
}

export function prefer(name: Preference, value: string): void {
  try {
    localStorage.setItem(`unkai.${name}`, value);
  } catch {
    // A browser that keeps nothing: the next visit begins with the defaults.
  }
}
