// What only pages about images read.

export interface Member {
  member_id: string;
  status: "pending" | "accepted" | "rejected";
  created_at: string;
}

export interface ImportTask {
  id: string;
  status: "pending" | "processing" | "success" | "failure";
  message: string;
  created_at: string;
  updated_at: string;
}

export interface ImportMethods {
  "import-methods": { value: string[] };
}
