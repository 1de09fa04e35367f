-- Files, programs and log lines. Programs run by the shell, their words always quoted.
local system = {}

-- What the two processes and the workers share; tests put it elsewhere.
system.RUN = os.getenv("AGENT_RUN") or "/run/agent"
system.SHELL = os.getenv("AGENT_SHELL") or "/bin/sh" -- one that knows pipefail
system.HERE = os.getenv("AGENT_HERE") or "/usr/lib/agent/lua"

function system.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return text
end

-- The first line of a file of sysfs, without blanks around it; nil if there is none.
function system.line(path)
  local text = system.read(path)
  text = text and text:match("^%s*([^\n]-)%s*\n") or text and text:match("^%s*(.-)%s*$")
  return text ~= "" and text or nil
end

function system.exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- Whole or not at all: readers never see half a file.
function system.write(path, text)
  local file = assert(io.open(path .. ".new", "wb"))
  assert(file:write(text))
  assert(file:close())
  assert(os.rename(path .. ".new", path))
end

function system.quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

local function command_line(words)
  local quoted = {}
  for index, word in ipairs(words) do quoted[index] = system.quote(word) end
  return table.concat(quoted, " ")
end

-- Run a program; whether it succeeded, and what it said on both its outputs.
function system.try(...)
  local pipe = assert(io.popen(command_line({ ... }) .. " 2>&1 </dev/null"))
  local said = pipe:read("a")
  return pipe:close() == true, said
end

-- What the program said; a failure is raised with its last words.
function system.run(...)
  local done, said = system.try(...)
  if not done then
    local words = table.concat({ ... }, " ", 1, math.min(4, select("#", ...)))
    error({ type = "ProgramFailed", message = words .. " failed: " .. said:sub(-400) }, 0)
  end
  return said
end

-- Entries of a folder, sorted.
function system.list(folder)
  local names = {}
  local _, said = system.try("ls", folder)
  if system.exists(folder) then
    for name in said:gmatch("[^\n]+") do names[#names + 1] = name end
  end
  return names
end

function system.uptime_s()
  return tonumber((system.read("/proc/uptime") or "0"):match("^[%d.]+"))
end

-- Secrets never reach the console or a collected log.
function system.without_secrets(text)
  text = text:gsub("(agent_token=)[^%s&]+", "%1***")
  text = text:gsub("(ipa%-agent%-token=)%S+", "%1***")
  return (text:gsub('("agent_token":%s*")[^"]*', "%1***"))
end

function system.log(form, ...)
  local text = select("#", ...) > 0 and form:format(...) or form
  local line = ("[agent %8.2f] %s\n"):format(system.uptime_s(), system.without_secrets(text))
  io.stderr:write(line)
  local file = io.open(system.RUN .. "/log", "ab")
  if file then
    file:write(line)
    file:close()
  end
end

-- Start a program that outlives us, holding none of our sockets.
function system.spawn(...)
  local close = "for fd in /proc/self/fd/*; do fd=${fd##*/}; [ $fd -gt 2 ] && eval \"exec $fd>&-\"; done"
  os.execute(("(%s; exec %s) </dev/null &"):format(close, command_line({ ... })))
end

return system
