-- Every command by its name. `background` ones run in a process of their own; the others at once.
-- A command takes (params, context) and returns its result, or raises { type, message }.
local inventory = require("inventory")
local json = require("json")
local prepare = require("prepare_image")
local steps = require("steps")
local system = require("system")

local commands = {}

local function step_commands(found, kind)
  found[kind .. ".get_" .. kind .. "_steps"] = {
    run = function() return steps.list(kind) end,
  }
  found[kind .. ".execute_" .. kind .. "_step"] = {
    background = true,
    run = function(params, context) return steps.execute(kind, params, context) end,
  }
end

local function partition_uuids(_, context)
  local disk = inventory.root_disk(context.node)
  local said = system.run("sfdisk", "-d", disk.name)
  local found = json.array()
  for uuid in said:gmatch("uuid=([%x-]+)") do found[#found + 1] = uuid:lower() end
  return { ["disk identifier"] = (said:match("label%-id: (%S+)") or ""):lower(), partitions = found }
end

-- The answer to whoever asked goes first, hence the moment.
local function leave(program)
  return function()
    system.run("sync")
    system.log("%s", program)
    system.spawn("sh", "-c", "sleep 1; exec " .. program .. " -f")
    return program
  end
end

local function collect_logs()
  local line = "cd %s && dmesg >dmesg; tar -cz log dmesg inventory.json 2>/dev/null | base64 -w 0"
  return { system_logs = system.run("sh", "-c", line:format(system.quote(system.RUN))) }
end

local function finalize_rescue(params)
  local password = params.rescue_password
  if type(password) ~= "string" or password == "" then
    error({ type = "InvalidCommandParamsError", message = "rescue_password is needed" }, 0)
  end
  if params.hashed ~= true then
    local place = system.RUN .. "/password"
    system.write(place, password .. "\n")
    password = system.run("sh", "-c", "mkpasswd -m sha512 -P 0 <" .. system.quote(place))
    os.remove(place)
  end
  system.write(system.RUN .. "/rescue", password:match("^%S+"))
  system.spawn(system.HERE .. "/../rescue")
  return "rescue"
end

local found = {
  ["standby.prepare_image"] = { background = true, run = prepare.run },
  ["standby.run_image"] = { background = true, run = leave("reboot") },
  ["standby.power_off"] = { background = true, run = leave("poweroff") },
  ["standby.sync"] = { run = function() system.run("sync") return "synced" end },
  ["standby.get_partition_uuids"] = { run = partition_uuids },
  ["image.install_bootloader"] = {
    background = true,
    run = function() return "nothing to do: a whole-disk image brings its boot loader" end,
  },
  ["poll.get_hardware_info"] = { run = function() return inventory.collect() end },
  ["poll.set_node_info"] = {
    run = function(params)
      system.write(system.RUN .. "/node.json", json.encode(params.node_info or {}))
      return "kept"
    end,
  },
  ["log.collect_system_logs"] = { run = collect_logs },
  ["rescue.finalize_rescue"] = { run = finalize_rescue },
  ["system.lockdown"] = {
    run = function()
      system.spawn(system.HERE .. "/../lockdown")
      return "locked down"
    end,
  },
}
for _, kind in ipairs({ "deploy", "clean", "service" }) do step_commands(found, kind) end

-- The command of that name, or nil; the second value says whether its extension at least exists.
function commands.find(name)
  local extension = name:match("^([^.]+)%.") or name
  local known = false
  for each in pairs(found) do known = known or each:match("^[^.]+") == extension end
  return found[name], known
end

-- What a command works with: the node as the API last described it, a folder, a way to say progress.
function commands.context(place)
  local text = system.read(system.RUN .. "/node.json")
  return {
    node = text and json.without_nulls(json.decode(text)) or nil,
    place = place,
    progress = function(facts) system.write(place .. "/progress", json.encode(facts)) end,
  }
end

-- The fields of a finished CommandResult.
function commands.execute(name, params, place)
  local command = commands.find(name)
  local fine, result = pcall(function() return command.run(params, commands.context(place)) end)
  if fine then
    if type(result) == "string" then result = { result = name:match("[^.]+$") .. ": " .. result } end
    return { command_status = "SUCCEEDED", command_result = result, command_error = json.null }
  end
  local fault = type(result) == "table" and result
    or { type = "CommandExecutionError", message = tostring(result) }
  system.log("%s failed: %s", name, fault.message)
  return {
    command_status = fault.status or "FAILED",
    command_result = json.null,
    command_error = {
      type = fault.type, code = 500, message = fault.message, details = fault.message,
    },
  }
end

return commands
