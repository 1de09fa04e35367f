-- A program: tell the API what this machine is, learn whose it is, and that it lives.
--
-- inspection (where asked for) -> lookup until there is an answer -> heartbeats for ever. Nothing of it
-- gives up: an unknown machine may be enrolled meanwhile, and an API may come back.
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local api = require("api")
local inventory = require("inventory")
local json = require("json")
local lldp = require("lldp")
local socket = require("socket")
local system = require("system")
local wake = require("wake")

local VERSION = system.line(system.HERE .. "/version")
local TOKEN_LENGTH_MIN = 32
local WAIT_S, WAIT_MAX_S = 1, 30
local LLDP_S = 32 -- as long as `network` lets listen.lua run
local asked = inventory.parameters()
local inbox = wake.listen(wake.HEART)

-- Until the time is over, or something happened that the API should hear of.
local function pause(seconds)
  socket.select({ inbox }, nil, seconds)
  wake.clear(inbox)
end

-- Call `work` until it returns something, with waits that grow.
local function until_done(work)
  local wait = WAIT_S
  while true do
    local result = work()
    if result then return result end
    socket.sleep(wait * (0.75 + 0.5 * math.random()))
    wait = math.min(wait * 1.5, WAIT_MAX_S)
  end
end

local function reach()
  return until_done(function()
    local reached, problem = api.reach(asked["ipa-api-url"] or "")
    if not reached then system.log("%s", problem) end
    return reached
  end)
end

local function root_disk()
  local fine, disk = pcall(inventory.root_disk)
  return fine and disk or json.null
end

-- The same facts with what the switches said; it takes until they speak.
local function with_neighbours(facts)
  if asked["ipa-collect-lldp"] == "1" then
    lldp.wait(tonumber(asked["ipa-lldp-timeout"]) or LLDP_S)
    facts.interfaces = inventory.interfaces()
    system.write(system.RUN .. "/inventory.json", json.encode(facts))
  end
  return facts
end

-- Once, before the lookup: from it an unknown machine may become a node.
local function send_inspection(url, facts)
  local data = {
    inventory = facts,
    root_disk = root_disk(),
    boot_interface = facts.boot.pxe_interface,
    configuration = { collectors = json.array({ "default" }), managers = json.array() },
    error = json.null,
  }
  for _ = 1, 5 do
    local status, answer = api.inspected(url, data)
    if status and status >= 200 and status < 300 then
      system.log("inventory sent: node %s", tostring(answer.uuid))
      return
    end
    api.log_failure("inspection", status, answer)
    if status and status < 500 and status ~= 409 then return end
    socket.sleep(5)
  end
end

local function keep(node, config)
  local token = config.agent_token
  if type(token) == "string" and #token >= TOKEN_LENGTH_MIN then
    system.write(system.RUN .. "/token", token)
  end
  system.write(system.RUN .. "/node.json", json.encode(node))
end

local function lookup(reached, addresses)
  return until_done(function()
    local status, answer = api.lookup(reached, addresses, asked["ipa-node-uuid"])
    if status ~= 200 or type(answer.node) ~= "table" or type(answer.config) ~= "table" then
      api.log_failure("lookup", status, answer)
      return nil
    end
    keep(answer.node, answer.config)
    if not system.exists(system.RUN .. "/token") then
      system.log("lookup: this node's token was given to somebody before; waiting for a new one")
      return nil
    end
    return answer
  end)
end

local function heartbeat(reached, uuid, address)
  local host = asked["ipa-advertise-host"] or address
  if host:find(":", 1, true) then host = "[" .. host .. "]" end
  local port = asked["ipa-advertise-port"] or asked["ipa-listen-port"] or "9999"
  local body = { callback_url = ("http://%s:%s"):format(host, port) }
  if reached.minor >= 36 then body.agent_version = VERSION end
  if reached.minor >= 62 then body.agent_token = system.read(system.RUN .. "/token") end
  local status, answer = api.heartbeat(reached, uuid, body)
  if status ~= 202 then api.log_failure("heartbeat", status, answer) end
  return status == 202
end

local function beat_for_ever(reached, found)
  local timeout_s = tonumber(found.config.heartbeat_timeout) or 300
  local wait = WAIT_S
  local number = 0
  while true do
    local address = api.own_address(reached)
    if heartbeat(reached, found.node.uuid, address) then
      number, wait = number + 1, WAIT_S
      if number == 1 then system.log("first heartbeat, as http://%s", address) end
      pause(math.max(5, timeout_s * (0.3 + 0.3 * math.random())))
    else
      pause(wait)
      wait = math.min(wait * 1.5, WAIT_MAX_S)
      reached = reach()
    end
  end
end

local function begin()
  local facts = inventory.collect()
  system.write(system.RUN .. "/inventory.json", json.encode(facts))
  if (asked["ipa-agent-token"] or "") ~= "" then
    system.write(system.RUN .. "/token", asked["ipa-agent-token"])
  end
  local reached = reach()
  local callback = asked["ipa-inspection-callback-url"]
  if not callback and asked["ipa-inspection-collectors"] then
    callback = reached.url .. "/v1/continue_inspection"
  end
  if callback then send_inspection(callback, with_neighbours(facts)) end
  local addresses = {}
  for _, each in ipairs(inventory.interfaces()) do addresses[#addresses + 1] = each.mac_address end
  local found = lookup(reached, addresses)
  system.log("this is node %s", found.node.uuid)
  beat_for_ever(reached, found)
end

begin()
