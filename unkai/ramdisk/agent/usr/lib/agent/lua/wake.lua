-- How one of the agent's processes tells another that something happened: a datagram on loopback.
local socket = require("socket")

local wake = { SERVER = 9998, HEART = 9997 }

-- A socket that select() shows as readable when somebody woke this port.
function wake.listen(port)
  local inbox = assert(socket.udp())
  assert(inbox:setsockname("127.0.0.1", port))
  inbox:settimeout(0)
  return inbox
end

function wake.clear(inbox)
  while inbox:receive() do end
end

function wake.send(port)
  local out = socket.udp()
  out:sendto("!", "127.0.0.1", port)
  out:close()
end

return wake
