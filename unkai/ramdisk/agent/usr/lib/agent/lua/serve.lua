-- A program: the agent's own API on port 9999, over which the conductor gives commands.
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local commands = require("commands")
local connection = require("connection")
local inventory = require("inventory")
local json = require("json")
local socket = require("socket")
local system = require("system")
local wake = require("wake")

local VERSION = system.line(system.HERE .. "/version")
local started_at = socket.gettime()
local open = {} -- connections
local started = {} -- every command, in order
local by_id = {}

local function fault(type, code, message)
  return code, {
    type = type, code = code, message = message, details = message,
    faultcode = code < 500 and "Client" or "Server", faultstring = message,
  }
end

-- Equal or not, in the same time whatever differs.
local function same(one, other)
  if #one ~= #other then return false end
  local difference = 0
  for at = 1, #one do difference = difference | (one:byte(at) ~ other:byte(at)) end
  return difference == 0
end

local function authorized(request)
  local token = system.read(system.RUN .. "/token")
  return token ~= nil and #token > 0 and same(token, request.query.agent_token or "")
end

local function collect(command)
  if command.command_status ~= "RUNNING" then return end
  local result = system.read(command.place .. "/result")
  if result then
    for name, value in pairs(json.decode(result)) do command[name] = value end
    system.log("%s %s", command.command_name, command.command_status)
  else
    local progress = system.read(command.place .. "/progress")
    command.command_result = progress and { progress = json.decode(progress) } or json.null
  end
end

local function shown(command)
  collect(command)
  return {
    id = command.id,
    command_name = command.command_name,
    command_status = command.command_status,
    command_result = command.command_result,
    command_error = command.command_error,
  }
end

local function begin(name, params, background)
  local id = system.line("/proc/sys/kernel/random/uuid")
  local command = {
    id = id, command_name = name:match("[^.]+$"), command_status = "RUNNING",
    command_result = json.null, command_error = json.null,
    place = ("%s/commands/%s"):format(system.RUN, id),
  }
  system.run("mkdir", "-p", command.place)
  started[#started + 1], by_id[id] = command, command
  if background then
    system.log("%s starts", name)
    system.write(command.place .. "/request", json.encode({ name = name, params = params }))
    system.spawn("lua5.4", system.HERE .. "/worker.lua", command.place)
  else
    for field, value in pairs(commands.execute(name, params, command.place)) do
      command[field] = value
    end
    if name ~= "poll.get_hardware_info" then system.log("%s %s", name, command.command_status) end
  end
  return command
end

local function read_command(body)
  local fine, asked = pcall(json.decode, body)
  if not fine then return nil, "the body is no JSON: " .. asked.message end
  if type(asked) ~= "table" or type(asked.name) ~= "string" then
    return nil, "the body needs a name and params"
  end
  local params = asked.params
  if params == json.null then params = nil end
  if params ~= nil and (type(params) ~= "table" or #params > 0) then
    return nil, "params must be an object"
  end
  return asked.name, params or {}
end

-- Status and body; a third value is the command the answer has to wait for.
local function start_command(request)
  local name, params = read_command(request.body)
  if not name then return fault("InvalidContentError", 400, params) end
  local last = started[#started]
  if last then collect(last) end
  if last and last.command_status == "RUNNING" then
    return fault("AgentIsBusy", 409, "busy with " .. last.command_name)
  end
  local found, extension_known = commands.find(name)
  if not found and not extension_known then
    return fault("RequestedObjectNotFoundError", 404, "no extension knows " .. name)
  end
  if not found then return fault("InvalidCommandError", 400, "there is no command " .. name) end
  local command = begin(name, params, found.background)
  if found.background and request.query.wait == "true" then return 200, nil, command end
  return 200, shown(command)
end

local function show_commands()
  local list = json.array()
  for _, command in ipairs(started) do list[#list + 1] = shown(command) end
  return 200, { commands = list }
end

local function show_command(request, id)
  local command = by_id[id]
  if not command then return fault("RequestedObjectNotFoundError", 404, "no command " .. id) end
  collect(command)
  if request.query.wait == "true" and command.command_status == "RUNNING" then
    return 200, nil, command
  end
  return 200, shown(command)
end

local function about()
  return 200, {
    name = "unkai deploy agent",
    description = "Speaks ironic-python-agent's protocol",
    versions = json.array({ { id = "v1", links = json.array() } }),
    default_version = { id = "v1", links = json.array() },
  }
end

local function route(request)
  local path = request.path:gsub("/+$", "")
  local get = request.method == "GET"
  if path == "" or path == "/v1" then
    if get then return about() end
  elseif path == "/v1/status" then
    if get then return 200, { started_at = started_at, version = VERSION } end
  elseif path == "/v1/commands" then
    if get then return show_commands() end
    if request.method == "POST" then return start_command(request) end
  elseif path:match("^/v1/commands/[^/]+$") then
    if get then return show_command(request, path:match("[^/]+$")) end
  else
    return fault("NotFound", 404, "there is nothing at " .. request.path)
  end
  return fault("MethodNotAllowed", 405, request.method .. " is not for " .. request.path)
end

-- Whoever has no token learns nothing, and its body is not even read.
local function admit(request)
  if request.path:match("^/v1/commands") and not authorized(request) then
    system.log("refused: %s %s with a token that is not ours", request.method, request.path)
    return 401
  end
  return nil
end

local REFUSALS = { [401] = "the token of this agent is needed", [400] = "this is no HTTP request",
  [411] = "the length of the body is needed", [413] = "the body is too large",
  [431] = "the head is too large" }

local function answer(each, status, body)
  open[each.client] = nil
  each:answer(status, json.encode(body))
end

local function attend(each)
  local request, refusal = each:receive(admit)
  if request == nil then return end
  if request == false then
    if refusal then return answer(each, fault("Refused", refusal, REFUSALS[refusal])) end
    open[each.client] = nil
    return each:close()
  end
  local fine, status, body, command = pcall(route, request)
  if not fine then
    system.log("%s: %s", request.path, json.encode(status))
    return answer(each, fault("AgentError", 500, "the agent failed; its log says why"))
  end
  if command then
    each.waits_for = command
  else
    answer(each, status, body)
  end
end

local function settle_waiting()
  for _, each in pairs(open) do
    if each.waits_for then
      collect(each.waits_for)
      if each.waits_for.command_status ~= "RUNNING" then answer(each, 200, shown(each.waits_for)) end
    elseif each:expired() then
      open[each.client] = nil
      each:close()
    end
  end
end

local asked = inventory.parameters()
local server = assert(socket.bind(asked["ipa-listen-host"] or "0.0.0.0",
  tonumber(asked["ipa-listen-port"]) or 9999, 32))
server:settimeout(0)
local inbox = wake.listen(wake.SERVER)
system.log("listening on port %s", select(2, server:getsockname()))

while true do
  local watched = { server, inbox }
  for client, each in pairs(open) do
    if not each.waits_for then watched[#watched + 1] = client end
  end
  local readable = socket.select(watched, nil, 10)
  for _, each in ipairs(readable) do
    if each == server then
      local client = server:accept()
      if client then open[client] = connection.new(client) end
    elseif each == inbox then
      wake.clear(inbox)
    elseif open[each] then
      attend(open[each])
    end
  end
  settle_waiting()
end
