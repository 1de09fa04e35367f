// How a flavor asks for a whole machine: one of its class, and nothing of what hosts are counted in.

/** The resource class of nodes as placement knows it: "baremetal.large" is BAREMETAL_LARGE. */
export function placementClass(resourceClass: string): string {
  return resourceClass
    .trim()
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, "_");
}

export function metalSpecs(resourceClass: string): Record<string, string> {
  return {
    [`resources:CUSTOM_${placementClass(resourceClass)}`]: "1",
    "resources:VCPU": "0",
    "resources:MEMORY_MB": "0",
    "resources:DISK_GB": "0",
  };
}
