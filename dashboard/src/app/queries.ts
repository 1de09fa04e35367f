import { QueryClient } from "@tanstack/react-query";
import { retry } from "../api/queries";

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 2000, retry, refetchOnWindowFocus: true },
      mutations: { retry: false },
    },
  });
}
