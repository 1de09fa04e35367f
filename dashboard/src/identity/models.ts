// Answers of the identity service, as far as pages read them.

/** What projects, domains, groups and roles have in common. */
export interface Named {
  id: string;
  name: string;
  description: string | null;
}

export interface Project extends Named {
  domain_id: string;
  enabled: boolean;
}

export interface Domain extends Named {
  enabled: boolean;
}

export interface Group extends Named {
  domain_id: string;
}

export type Role = Named;

export interface User {
  id: string;
  name: string;
  domain_id: string;
  enabled: boolean;
  default_project_id?: string | null;
  description?: string;
}

interface Mentioned {
  id: string;
  name: string;
}

export interface Assignment {
  role: Mentioned;
  user?: Mentioned;
  group?: Mentioned;
  scope: {
    project?: Mentioned;
    domain?: Mentioned;
    system?: { all: true };
    /** It is for the projects below, not for the place itself. */
    "OS-INHERIT:inherited_to"?: "projects";
  };
}

export interface Inference {
  prior_role: Mentioned;
  implies: Mentioned[];
}

export interface Credential {
  id: string;
  name: string;
  description: string | null;
  roles: { name: string }[];
  expires_at: string | null;
  unrestricted: boolean;
  project_id: string;
}
