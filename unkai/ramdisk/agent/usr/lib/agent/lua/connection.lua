-- One HTTP request after it has come in whole, from a socket that never blocks the others.
local system = require("system")

local connection = {}
connection.__index = connection

local HEAD_MAX, BODY_MAX = 16 * 1024, 128 * 1024 * 1024
local LIFETIME_S = 60
local REASONS = {
  [200] = "OK", [400] = "Bad Request", [401] = "Unauthorized", [404] = "Not Found",
  [405] = "Method Not Allowed", [409] = "Conflict", [411] = "Length Required",
  [413] = "Content Too Large", [431] = "Request Header Fields Too Large",
}

function connection.new(client)
  client:settimeout(0)
  return setmetatable({
    client = client, pieces = {}, size = 0, ends_at = system.uptime_s() + LIFETIME_S,
  }, connection)
end

function connection:expired()
  return not self.waits_for and system.uptime_s() > self.ends_at
end

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function parse_head(head)
  local method, target = head:match("^(%u+) (%S+) HTTP/1%.[01]\r\n")
  if not method then return nil end
  local path, query = target:match("^([^?]*)%??(.*)$")
  local request = { method = method, path = path, query = {}, headers = {} }
  for name, value in query:gmatch("([^&=]+)=?([^&]*)") do
    request.query[unescape(name)] = unescape(value)
  end
  for name, value in head:gmatch("\r\n([^:\r\n]+):[ \t]*([^\r\n]*)") do
    request.headers[name:lower()] = value
  end
  return request
end

-- Read the head. True when there is one, false while it is to come; else a status to refuse with.
function connection:take_head()
  local text = table.concat(self.pieces)
  local _, stop = text:find("\r\n\r\n", 1, true)
  if not stop then
    self.pieces = { text }
    return #text > HEAD_MAX and 431 or false
  end
  self.request = parse_head(text:sub(1, stop - 2))
  if not self.request then return 400 end
  self.pieces, self.size = { text:sub(stop + 1) }, #text - stop
  local headers = self.request.headers
  if headers["transfer-encoding"] then return 411 end
  self.length = tonumber(headers["content-length"] or "0") or -1
  if self.length < 0 then return 400 end
  return self.length > BODY_MAX and 413 or true
end

-- What has come so far. Returns the request when it is whole, nil while it is not, and false with a
-- status where it must be refused. `admit(request)` may refuse by a status before the body is read.
function connection:receive(admit)
  local data, problem, partial = self.client:receive(256 * 1024)
  local piece = data or partial
  self.pieces[#self.pieces + 1] = piece
  self.size = self.size + #piece
  if problem == "closed" and #piece == 0 then return false end
  if not self.request then
    local fine = self:take_head()
    if fine == false then return nil end
    if fine ~= true then return false, fine end
    local refused = admit(self.request)
    if refused then return false, refused end
    if self.request.headers.expect then self.client:send("HTTP/1.1 100 Continue\r\n\r\n") end
  end
  if self.size < self.length then return nil end
  self.request.body = table.concat(self.pieces):sub(1, self.length)
  return self.request
end

-- Send and close. A client that does not read has ten seconds.
function connection:answer(status, text)
  self.client:settimeout(10)
  self.client:send(("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" ..
    "Connection: close\r\n\r\n%s"):format(status, REASONS[status] or "Error", #text, text))
  self:close()
end

function connection:close()
  self.client:close()
end

return connection
