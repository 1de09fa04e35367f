-- Calls to the bare metal API, and which of several addresses to use.
local http = require("socket.http")
local json = require("json")
local ltn12 = require("ltn12")
local socket = require("socket")
local parse = require("socket.url").parse
local system = require("system")

http.TIMEOUT = 15
local api = {}
local NEWEST = 68 -- of the protocol's additions to version 1 that this agent knows

local function request(method, url, body, minor)
  local answer = {}
  local headers = { ["accept"] = "application/json" }
  if minor then headers["x-openstack-ironic-api-version"] = "1." .. minor end
  local text = body and json.encode(body)
  if text then
    headers["content-type"] = "application/json"
    headers["content-length"] = #text
  end
  local done, status = http.request({
    url = url,
    method = method,
    headers = headers,
    source = text and ltn12.source.string(text) or nil,
    sink = ltn12.sink.table(answer),
  })
  if not done then return nil, tostring(status) end
  local fine, value = pcall(json.decode, table.concat(answer))
  return status, fine and value or {}
end

-- The newest minor version that both sides know. An API that does not say is asked as an old one.
local function negotiate(url)
  local status, answer = request("GET", url .. "/")
  if not status then return nil, answer end
  local default = type(answer.default_version) == "table" and answer.default_version.version or ""
  return math.min(tonumber(tostring(default):match("^1%.(%d+)$")) or 31, NEWEST)
end

-- An API that answers, of a list separated by commas; nil and the last problem if none does.
function api.reach(urls)
  local problem = "no ipa-api-url on the kernel's command line"
  for url in urls:gmatch("[^,%s]+") do
    url = url:gsub("/+$", "")
    if not url:match("^http://") then
      problem = url .. ": this agent speaks plain HTTP only"
    else
      local minor, why = negotiate(url)
      if minor then return { url = url, minor = minor } end
      problem = ("cannot reach %s: %s"):format(url, why)
    end
  end
  return nil, problem
end

-- Our address on the way to the API.
function api.own_address(reached)
  local place = parse(reached.url)
  local probe = socket.udp()
  probe:setpeername(place.host, tonumber(place.port) or 80)
  local address = probe:getsockname()
  probe:close()
  return address
end

-- Status and answer; nil and why if there was none.
function api.lookup(reached, addresses, uuid)
  local url = ("%s/v1/lookup?addresses=%s"):format(reached.url, table.concat(addresses, ","))
  if uuid then url = url .. "&node_uuid=" .. uuid end
  return request("GET", url, nil, math.min(reached.minor, 62))
end

function api.heartbeat(reached, uuid, body)
  return request("POST", ("%s/v1/heartbeat/%s"):format(reached.url, uuid), body, reached.minor)
end

function api.inspected(url, data)
  return request("POST", url, data)
end

-- A line for the log about an answer that was not the one wanted.
function api.described(status, answer)
  if not status then return tostring(answer) end
  local message = type(answer) == "table" and (answer.error_message or answer.faultstring)
  if type(message) == "table" then message = message.faultstring end
  return ("status %s%s"):format(status, message and ": " .. tostring(message) or "")
end

function api.log_failure(what, status, answer)
  system.log("%s: %s", what, api.described(status, answer))
end

return api
