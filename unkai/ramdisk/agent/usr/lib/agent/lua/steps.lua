-- The steps of deploying, cleaning and servicing: what they are called, when they run, what they do.
-- A step's work takes (args, context); context has node, place (a folder) and progress, and, as it was
-- sent with the step, the node again as `asked`.
local erase = require("erase")
local json = require("json")
local prepare = require("prepare_image")
local raid = require("raid")

local steps = { MANAGER = "unkai", VERSION = "1" }

local function metadata() return erase.metadata() end
local function everything(_, context) return erase.everything(context.progress) end
local function create_raid(args, context) return raid.create(context.asked.target_raid_config, args) end
local function delete_raid() return raid.delete() end
local function write(args, context) return prepare.run(args, context) end

local IMAGE_ARGUMENTS = {
  image_info = { description = "The image: id, urls, os_hash_algo, os_hash_value.", required = true },
  configdrive = { description = "A URL, or gzip in base64.", required = false },
}

local RAID_ARGUMENTS = {
  create_root_volume = { description = "Whether to make the root volume; true.", required = false },
  create_nonroot_volumes = { description = "Whether to make the others; true.", required = false },
  delete_existing = { description = "Whether to end what is there first.", required = false },
}

local KNOWN = {
  deploy = {
    { step = "erase_devices_metadata", priority = 0, work = metadata },
    { step = "write_image", priority = 0, work = write, argsinfo = IMAGE_ARGUMENTS },
  },
  clean = {
    { step = "erase_devices_metadata", priority = 99, work = metadata },
    { step = "erase_devices", priority = 0, work = everything },
    { step = "delete_configuration", interface = "raid", priority = 0, work = delete_raid },
    { step = "create_configuration", interface = "raid", priority = 0, work = create_raid,
      argsinfo = RAID_ARGUMENTS },
  },
  service = {},
}

local function shown(kind, step)
  return {
    step = step.step,
    priority = step.priority,
    interface = step.interface or "deploy",
    reboot_requested = false,
    abortable = kind == "clean" or nil,
    argsinfo = step.argsinfo or json.null,
  }
end

-- { clean_steps = { unkai = [...] }, hardware_manager_version = { unkai = "1" } }
function steps.list(kind)
  local found = json.array()
  for _, step in ipairs(KNOWN[kind]) do found[#found + 1] = shown(kind, step) end
  return {
    [kind .. "_steps"] = { [steps.MANAGER] = found },
    hardware_manager_version = { [steps.MANAGER] = steps.VERSION },
  }
end

local function check_version(kind, params)
  local wanted = params[kind .. "_version"]
  if type(wanted) == "table" and wanted[steps.MANAGER] and wanted[steps.MANAGER] ~= steps.VERSION then
    error({
      type = "VersionMismatch",
      status = "CLEAN_VERSION_MISMATCH",
      message = ("the steps were listed by version %s, this is version %s"):format(
        wanted[steps.MANAGER], steps.VERSION),
    }, 0)
  end
end

-- Run the step that params name; { clean_result, clean_step }.
function steps.execute(kind, params, context)
  check_version(kind, params)
  local asked = params.step
  if type(asked) ~= "table" or not asked.step then
    error({ type = "InvalidCommandParamsError", message = "params.step must be a step" }, 0)
  end
  context.asked = json.without_nulls(params.node or {}) or {}
  for _, step in ipairs(KNOWN[kind]) do
    if step.step == asked.step then
      local result = step.work(json.without_nulls(asked.args or {}) or {}, context)
      return { [kind .. "_result"] = result, [kind .. "_step"] = asked }
    end
  end
  error({
    type = "InvalidCommandParamsError",
    message = ("no %s step is called %s"):format(kind, asked.step),
  }, 0)
end

return steps
