// Files for the command line: who and where, never a password or a token. Only the files of an
// application credential hold its secret: it was made for them.
import type { Session } from "../api/session";

function quoted(text: string): string {
  return JSON.stringify(text);
}

export function cloudsYaml(session: Session, origin: string): string {
  return [
    "# Put it at ~/.config/openstack/clouds.yaml. The password is not in it: add a line",
    "# `password:` below `auth:`, or give --os-password.",
    "clouds:",
    "  unkai:",
    "    auth:",
    `      auth_url: ${quoted(`${origin}/identity/v3`)}`,
    `      username: ${quoted(session.user.name)}`,
    `      user_domain_name: ${quoted(session.user.domain)}`,
    `      project_name: ${quoted(session.project?.name ?? "")}`,
    `      project_domain_name: ${quoted(session.project?.domain ?? "")}`,
    `    region_name: ${quoted(session.region)}`,
    "    identity_api_version: 3",
    "",
  ].join("\n");
}

export interface NewCredential {
  id: string;
  secret: string;
  name: string;
}

export function credentialYaml(made: NewCredential, session: Session, origin: string): string {
  return [
    "# Put it at ~/.config/openstack/clouds.yaml. It holds a secret: let nobody else read it.",
    "clouds:",
    `  ${quoted(made.name)}:`,
    "    auth_type: v3applicationcredential",
    "    auth:",
    `      auth_url: ${quoted(`${origin}/identity/v3`)}`,
    `      application_credential_id: ${quoted(made.id)}`,
    `      application_credential_secret: ${quoted(made.secret)}`,
    `    region_name: ${quoted(session.region)}`,
    "    identity_api_version: 3",
    "",
  ].join("\n");
}

/** In single quotes, a shell takes everything as it is but the quote itself. */
function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function openrc(session: Session, origin: string): string {
  const values = {
    OS_AUTH_URL: `${origin}/identity/v3`,
    OS_IDENTITY_API_VERSION: "3",
    OS_USERNAME: session.user.name,
    OS_USER_DOMAIN_NAME: session.user.domain,
    OS_PROJECT_NAME: session.project?.name ?? "",
    OS_PROJECT_DOMAIN_NAME: session.project?.domain ?? "",
    OS_REGION_NAME: session.region,
  };
  return [
    "# Read it into a shell: . ./openrc.sh",
    ...Object.entries(values).map(([name, value]) => `export ${name}=${shell(value)}`),
    "printf 'Password of %s: ' \"$OS_USERNAME\" >&2",
    "stty -echo; read -r OS_PASSWORD; stty echo; echo >&2",
    "export OS_PASSWORD",
    "",
  ].join("\n");
}

export function credentialOpenrc(made: NewCredential, session: Session, origin: string): string {
  const values = {
    OS_AUTH_TYPE: "v3applicationcredential",
    OS_AUTH_URL: `${origin}/identity/v3`,
    OS_IDENTITY_API_VERSION: "3",
    OS_APPLICATION_CREDENTIAL_ID: made.id,
    OS_APPLICATION_CREDENTIAL_SECRET: made.secret,
    OS_REGION_NAME: session.region,
  };
  return [
    "# Read it into a shell: . ./openrc.sh. It holds a secret: let nobody else read it.",
    ...Object.entries(values).map(([name, value]) => `export ${name}=${shell(value)}`),
    "",
  ].join("\n");
}

/** Hand a text to the browser as a download. */
export function save(name: string, text: string): void {
  const link = document.createElement("a");
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 1000);
}
