// Answers of the identity service, as far as pages read them.

export interface Project {
  id: string;
  name: string;
  description: string;
  domain_id: string;
  enabled: boolean;
}

export interface User {
  id: string;
  name: string;
  domain_id: string;
  enabled: boolean;
  default_project_id?: string | null;
  description?: string;
}

export interface Role {
  id: string;
  name: string;
}

export interface Assignment {
  role: Role;
  user?: { id: string; name: string };
  group?: { id: string; name: string };
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
