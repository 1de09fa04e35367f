-- What the switches said of themselves while `listen.lua` listened, as ironic-python-agent tells it.
local json = require("json")
local socket = require("socket")
local system = require("system")

local lldp = { FOLDER = system.RUN .. "/lldp" }
local MARGIN_S = 3

-- A frame's payload as { { type, value in hexadecimal }, ... }, its end included; what is cut off is
-- left out.
function lldp.parse(payload)
  local found, at = json.array(), 1
  while at + 1 <= #payload do
    local head = string.unpack(">I2", payload, at)
    local kind, length = head >> 9, head & 0x1FF
    if at + 1 + length > #payload then break end
    local value = payload:sub(at + 2, at + 1 + length)
    local shown = value:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
    found[#found + 1] = json.array({ kind, shown })
    if kind == 0 then break end
    at = at + 2 + length
  end
  return found
end

-- What this NIC heard so far.
function lldp.of(nic)
  return lldp.parse(system.read(lldp.FOLDER .. "/" .. nic) or "")
end

-- Until the listener is done, if there is one: it began when the links went up, and is bounded.
function lldp.wait(limit_s)
  local ends_at = system.uptime_s() + limit_s + MARGIN_S
  while system.uptime_s() < ends_at and not system.exists(lldp.FOLDER .. "/done") do
    socket.sleep(0.2)
  end
end

return lldp
