-- A program for LuaJIT: keep what the switches say of themselves. usage: listen.lua FOLDER SECONDS NIC...
--
-- FOLDER/NIC gets the payload of the first LLDP frame that arrives at that NIC, whole or not at all;
-- FOLDER/done is there at the end: every NIC has heard one, or the time is over. Lua has no packet
-- sockets, LuaJIT reaches the C library's.
local ffi = require("ffi")

ffi.cdef([[
  int socket(int domain, int type, int protocol);
  int bind(int fd, const void *address, unsigned int length);
  int setsockopt(int fd, int level, int name, const void *value, unsigned int length);
  long recv(int fd, void *buffer, unsigned long length, int flags);
  typedef struct { int fd; short events; short revents; } waited;
  int poll(waited *fds, unsigned long number, int timeout_ms);
  typedef struct { long s; long ns; } moment;
  int clock_gettime(int clock, moment *now);
  typedef struct {
    unsigned short family, protocol; int index; unsigned short kind; unsigned char type, length, at[8];
  } link_address;
  typedef struct { int index; unsigned short kind, length; unsigned char address[8]; } membership;
]])

local AF_PACKET, SOCK_DGRAM, SOCK_CLOEXEC, DONTWAIT = 17, 2, 0x80000, 0x40
local SOL_PACKET, ADD_MEMBERSHIP, MULTICAST = 263, 1, 0
local LLDP = 0xcc88 -- 0x88cc in the network's order
local POLLIN, MONOTONIC = 1, 1
local FRAME_MAX = 2048
-- The nearest bridge, nearest bridge but relays, nearest bridge of the customer.
local GROUPS = { 0x0e, 0x03, 0x00 }

local folder, limit_s = arg[1], tonumber(arg[2])

local function seconds()
  local now = ffi.new("moment")
  ffi.C.clock_gettime(MONOTONIC, now)
  return tonumber(now.s) + tonumber(now.ns) / 1e9
end

local function write(name, text)
  local path = folder .. "/" .. name
  local file = assert(io.open(path .. ".new", "wb"))
  file:write(text)
  file:close()
  assert(os.rename(path .. ".new", path))
end

-- A socket that gets the LLDP frames of one NIC; nil where there is no such NIC.
local function open(nic)
  local file = io.open("/sys/class/net/" .. nic .. "/ifindex")
  local index = file and file:read("*n")
  if file then file:close() end
  local fd = index and ffi.C.socket(AF_PACKET, SOCK_DGRAM + SOCK_CLOEXEC, LLDP) or -1
  if fd < 0 then return nil end
  local address = ffi.new("link_address", { family = AF_PACKET, protocol = LLDP, index = index })
  if ffi.C.bind(fd, address, ffi.sizeof(address)) ~= 0 then return nil end
  for _, last in ipairs(GROUPS) do
    local group = ffi.new("membership", { index = index, kind = MULTICAST, length = 6 })
    ffi.copy(group.address, "\1\128\194\0\0" .. string.char(last), 6)
    ffi.C.setsockopt(fd, SOL_PACKET, ADD_MEMBERSHIP, group, ffi.sizeof(group))
  end
  return fd
end

local waiting = {}
for place = 3, #arg do
  local fd = open(arg[place])
  if fd then waiting[#waiting + 1] = { nic = arg[place], fd = fd } end
end
local ends_at = seconds() + limit_s
local buffer = ffi.new("char[?]", FRAME_MAX)
while #waiting > 0 and seconds() < ends_at do
  local polled = ffi.new("waited[?]", #waiting)
  for place, each in ipairs(waiting) do
    polled[place - 1].fd, polled[place - 1].events = each.fd, POLLIN
  end
  ffi.C.poll(polled, #waiting, math.ceil((ends_at - seconds()) * 1000))
  local deaf = {}
  for _, each in ipairs(waiting) do
    local length = tonumber(ffi.C.recv(each.fd, buffer, FRAME_MAX, DONTWAIT))
    if length > 0 then write(each.nic, ffi.string(buffer, length)) else deaf[#deaf + 1] = each end
  end
  waiting = deaf
end
write("done", "")
