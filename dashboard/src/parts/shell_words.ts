// Words of a shell command, quoted only where they must be.

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

export function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** `openstack` and its words; what is undefined, null, "" or false is left out. */
export function openstack(...words: (string | number | undefined | null | false)[]): string {
  const kept = words.filter(
    (one) => one !== undefined && one !== null && one !== "" && one !== false,
  );
  return ["openstack", ...kept.map((one) => quote(String(one)))].join(" ");
}
