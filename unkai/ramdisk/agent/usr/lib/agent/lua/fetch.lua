-- A program: write what a URL serves to the standard output, and its digest to a file.
-- usage: fetch.lua URL ALGORITHM DIGEST_FILE ERROR_FILE
-- A server that goes away in the middle is asked for the rest when it is back, for five minutes from
-- the last byte; one that was never there, for half a minute. An answer that is no 200 leaves nothing
-- on the output, so an error's page never reaches a disk. nfs://HOST[:PORT]/FOLDER/FILE is read from the
-- export that has the folder, mounted for that long.
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local http = require("socket.http")
local parse = require("socket.url").parse
local socket = require("socket")
local system = require("system")

local NOBODY_READS = "nobody reads any more"
local FIRST_S = tonumber(os.getenv("AGENT_PATIENCE_S")) or 30
local AGAIN_S, PAUSE_S = 10 * FIRST_S, 0.5
http.TIMEOUT = 60
socket.BLOCKSIZE = 256 * 1024 -- its own 2 KiB cost five times the time

local url, algorithm, digest_file, error_file = table.unpack(arg)
-- By its path: busybox's own of that name takes twice to four times as long.
local digest = assert(io.popen("/usr/bin/" .. algorithm .. "sum >" .. system.quote(digest_file), "w"))

local taken = 0

local function refuse(form, ...)
  error({ form:format(...), final = true }, 0)
end

-- What keeps an answer's body but for its first bytes, which are there already.
local function keeper(skip)
  return function(chunk)
    if not chunk then return 1 end
    if skip >= #chunk then
      skip = skip - #chunk
      return 1
    end
    chunk, skip = chunk:sub(skip + 1), 0
    digest:write(chunk)
    taken = taken + #chunk
    if io.stdout:write(chunk) then return 1 end
    return nil, NOBODY_READS
  end
end

local READ_ONLY = "ro,soft,timeo=100,retrans=3,vers=4.1,port=%d"

local function copy_file(path)
  local file, why = io.open(path, "rb")
  if not file then refuse("%s", why) end
  file:seek("set", taken)
  local keep = keeper(0)
  while true do
    local block, problem = file:read(socket.BLOCKSIZE)
    if problem then error(problem, 0) end
    if not block then break end
    local kept, nobody = keep(block)
    if not kept then error({ nobody }, 0) end
  end
  file:close()
end

local function fetch_from_nfs(place)
  local folder, name = (place.path or ""):match("^(/.*)/([^/]+)$")
  if not folder then refuse("an nfs:// URL names a folder and a file") end
  local target = os.tmpname()
  os.remove(target)
  system.run("mkdir", target)
  local words = READ_ONLY:format(tonumber(place.port) or 2049)
  local mounted, said = system.try("mount", "-t", "nfs4", "-o", words, place.host .. ":" .. folder,
    target)
  local done, problem = mounted, "mount: " .. said:match("^%s*(.-)%s*$")
  if mounted then
    done, problem = pcall(copy_file, target .. "/" .. name)
    system.try("umount", "-l", target)
  end
  os.remove(target)
  if not done then error(problem, 0) end
end

local function fetch()
  local place = parse(url)
  if place.scheme == "nfs" then return fetch_from_nfs(place) end
  if place.scheme ~= "http" then refuse("only http:// and nfs:// URLs can be read") end
  local connection = http.open(place.host, tonumber(place.port) or 80, socket.tcp)
  local target = (place.path or "/") .. (place.query and "?" .. place.query or "")
  local range = taken > 0 and ("bytes=%d-"):format(taken) or nil
  connection:sendrequestline("GET", target)
  connection:sendheaders({ host = place.authority, connection = "close", range = range })
  local status = connection:receivestatusline()
  local headers = connection:receiveheaders()
  local from = status == 206 and tonumber((headers["content-range"] or ""):match("^bytes (%d+)-"))
  if status ~= 200 and from ~= taken then refuse("the server answered %s", status) end
  connection:receivebody(headers, keeper(status == 200 and taken or 0))
  connection:close()
end

local heard_at = system.uptime_s()

-- Whether a failed try is worth another one.
local function goes_on(problem, before)
  if type(problem) == "table" and (problem.final or problem[1] == NOBODY_READS) then return false end
  if taken > before then heard_at = system.uptime_s() end
  return system.uptime_s() - heard_at < (taken > 0 and AGAIN_S or FIRST_S)
end

local done, problem
repeat
  local before = taken
  done, problem = pcall(fetch)
  local again = not done and goes_on(problem, before)
  if again then socket.sleep(PAUSE_S) end
until not again
io.stdout:close()
digest:close()
if not done then
  -- The decoder that no longer reads says itself what it did not like.
  if type(problem) == "table" and problem[1] == NOBODY_READS then os.exit(1) end
  local why = type(problem) == "table" and problem[1] or problem
  system.write(error_file, ("reading %s failed: %s"):format(url, why))
  os.exit(1)
end
