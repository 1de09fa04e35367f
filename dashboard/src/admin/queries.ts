// What administrators' pages ask for.
import { compute, done, network, placement, take, unkai, volume } from "../api/clients";
import { keys } from "../api/keys";
import type { Flavor } from "../api/models";
import { type ListSpec, type OneSpec, PAGE, pageOf } from "../api/queries";
import type {
  Audit,
  ComputeService,
  FlavorCapacity,
  HostStock,
  Hypervisor,
  HypervisorDetail,
  Operation,
  QuotaSet,
} from "./models";

/** Every flavor, those of single projects too. */
export function allFlavors(): ListSpec<Flavor> {
  return {
    queryKey: [...keys.flavors, "all"],
    page: async (marker) => {
      const params = { query: { limit: PAGE, marker, is_public: "none" } } as never;
      const found = await take<{ flavors: Flavor[]; flavors_links?: unknown }>(
        compute.GET("/flavors/detail", { params }),
      );
      return pageOf(found.flavors, found.flavors_links, (one) => one.id);
    },
  };
}

export function flavorCapacity(): OneSpec<FlavorCapacity[]> {
  return {
    queryKey: [...keys.flavors, "capacity"],
    queryFn: async () =>
      (await take<{ flavors: FlavorCapacity[] }>(unkai.GET("/flavors/capacity"))).flavors,
  };
}

export function hypervisorList(): ListSpec<Hypervisor> {
  return {
    queryKey: [...keys.hypervisors, "list"],
    page: async (marker) => {
      const params = { query: { limit: PAGE, marker } } as never;
      const found = await take<{ hypervisors: Hypervisor[]; hypervisors_links?: unknown }>(
        compute.GET("/os-hypervisors/detail", { params }),
      );
      return pageOf(found.hypervisors, found.hypervisors_links, (one) => one.id);
    },
  };
}

export function hypervisorOne(id: string): OneSpec<HypervisorDetail> {
  return {
    queryKey: [...keys.hypervisors, "one", id],
    queryFn: async () => {
      const params = { path: { hypervisor_id: id }, query: { with_servers: true } } as never;
      const asked = compute.GET("/os-hypervisors/{hypervisor_id}", { params });
      return (await take<{ hypervisor: HypervisorDetail }>(asked)).hypervisor;
    },
  };
}

/** What placement knows of a host, whose provider has the host's own id. */
export function stockOf(id: string): OneSpec<HostStock> {
  return {
    queryKey: [...keys.hypervisors, "stock", id],
    queryFn: async () => {
      const params = { path: { uuid: id } };
      const [has, uses] = await Promise.all([
        take<{ inventories: Record<string, { total: number }> }>(
          placement.GET("/resource_providers/{uuid}/inventories", { params }),
        ),
        take<{ usages: Record<string, number> }>(
          placement.GET("/resource_providers/{uuid}/usages", { params }),
        ),
      ]);
      const each = Object.entries(has.inventories).map(([name, { total }]) => [
        name,
        { total, used: uses.usages[name] ?? 0 },
      ]);
      return Object.fromEntries(each) as HostStock;
    },
  };
}

export function serviceList(): ListSpec<ComputeService> {
  return {
    queryKey: [...keys.hypervisors, "services"],
    page: async () => {
      const found = await take<{ services: ComputeService[] }>(compute.GET("/os-services"));
      return { items: found.services };
    },
  };
}

export function operationList(active: boolean): ListSpec<Operation> {
  return {
    queryKey: [...keys.operations, "list", active],
    page: async () => {
      const asked = unkai.GET("/operations", { params: { query: { active } } });
      return { items: (await take<{ operations: Operation[] }>(asked)).operations };
    },
  };
}

export function runAudit(): Promise<Audit> {
  return take<Audit>(unkai.GET("/audit"));
}

export function quotaOf(projectId: string): OneSpec<QuotaSet> {
  return {
    queryKey: [...keys.limits, "quota", projectId],
    queryFn: async () => {
      const params = { path: { project_id: projectId } };
      const asked = compute.GET("/os-quota-sets/{project_id}/detail", { params });
      return (await take<{ quota_set: QuotaSet }>(asked)).quota_set;
    },
  };
}

export function setComputeQuota(projectId: string, limits: Record<string, number>): Promise<void> {
  const params = { path: { project_id: projectId } };
  const body = { quota_set: limits } as never;
  return done(compute.PUT("/os-quota-sets/{project_id}", { params, body }));
}

/** Taken, as the service does it, even where more is in use already. */
export function setVolumeQuota(projectId: string, limits: Record<string, number>): Promise<void> {
  const params = { path: { target_project_id: projectId } };
  const body = { quota_set: limits } as never;
  return done(volume.PUT("/os-quota-sets/{target_project_id}", { params, body }));
}

/** Refused, as compute does it, where more is in use already. */
export function setNetworkQuota(projectId: string, limits: Record<string, number>): Promise<void> {
  const params = { path: { project_id: projectId } };
  const body = { quota: { ...limits, check_limit: true } } as never;
  return done(network.PUT("/v2.0/quotas/{project_id}", { params, body }));
}
