import { expect, test } from "vitest";
import { type Grant, grantCli, grantOf, pathOf } from "./grants";

const GRANT: Grant = {
  actor: "user",
  actorId: "u1",
  place: "project",
  placeId: "p1",
  roleId: "r1",
  inherited: false,
};

test("every actor and place has its path", () => {
  expect(pathOf(GRANT)).toBe("/v3/projects/{project_id}/users/{user_id}/roles/{role_id}");
  expect(pathOf({ ...GRANT, actor: "group", place: "system" })).toBe(
    "/v3/system/groups/{user_id}/roles/{role_id}",
  );
  expect(pathOf({ ...GRANT, place: "domain", inherited: true })).toBe(
    "/v3/OS-INHERIT/domains/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
  );
});

test("the command names who, where and what", () => {
  expect(grantCli("add", GRANT, "member")).toBe("openstack role add --project p1 --user u1 member");
  expect(grantCli("remove", { ...GRANT, place: "system", placeId: "all" }, "admin")).toBe(
    "openstack role remove --system all --user u1 admin",
  );
  expect(grantCli("add", { ...GRANT, actorId: "", inherited: true }, "")).toBe(
    "openstack role add --project p1 --user USER --inherited ROLE",
  );
});

test("an assignment is the grant it came from", () => {
  const role = { id: "r1", name: "member" };
  const domain = { id: "d1", name: "Default" };

  expect(
    grantOf({
      role,
      group: { id: "g1", name: "g" },
      scope: { "OS-INHERIT:inherited_to": "projects", domain },
    }),
  ).toEqual({
    actor: "group",
    actorId: "g1",
    place: "domain",
    placeId: "d1",
    roleId: "r1",
    inherited: true,
  });
  expect(
    grantOf({ role, user: { id: "u1", name: "u" }, scope: { system: { all: true } } }),
  ).toEqual({
    ...GRANT,
    place: "system",
    placeId: "all",
  });
});
