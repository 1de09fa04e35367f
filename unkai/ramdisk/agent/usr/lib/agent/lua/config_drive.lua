-- The config drive as deployers hand it over: a URL, or gzip in base64. It becomes a file.
local system = require("system")

local config_drive = {}
local BYTES_MAX = 64 * 1024 * 1024

local function raise(message)
  error({ type = "ConfigDriveError", message = message }, 0)
end

local function download(url, file)
  local place = file .. ".fetch"
  local done = system.try("sh", "-c", ("lua5.4 %s %s sha256 %s %s >%s"):format(
    system.quote(system.HERE .. "/fetch.lua"), system.quote(url), system.quote(place .. ".digest"),
    system.quote(place .. ".error"), system.quote(file)))
  if not done then raise("config drive: " .. (system.read(place .. ".error") or "not read")) end
end

-- Write what was given to `file`; its size in bytes.
function config_drive.unpack(given, file)
  if given:match("^https?://") then
    download(given, file .. ".packed")
    given = system.read(file .. ".packed")
  end
  local packed = file .. ".packed"
  system.write(packed, given)
  local decode = "base64 -d"
  if given:sub(1, 2) == "\x1f\x8b" then decode = "cat" end
  local line = ("%s <%s | gunzip -c 2>&1 >%s"):format(decode, system.quote(packed), system.quote(file))
  local done, said = system.try(system.SHELL, "-c", "set -o pipefail; " .. line)
  os.remove(packed)
  if not done then raise("the config drive is no gzip in base64: " .. said) end
  local made = assert(io.open(file, "rb"))
  local bytes = made:seek("end")
  made:close()
  if bytes == 0 or bytes > BYTES_MAX then
    raise(("the config drive has %d bytes; 1 to %d are possible"):format(bytes, BYTES_MAX))
  end
  return bytes
end

return config_drive
