-- What the kernel's command line tells the agent, under ironic-python-agent's names.
local parameters = {}

-- key=value words as a table; a value may be quoted, a word alone is "".
function parameters.parse(line)
  local found = {}
  local function keep(word)
    local key, value = word:match("^([^=]+)=?(.*)$")
    if key then found[key] = value:match('^"(.*)"$') or value end
  end
  local word, inside = "", false
  for letter in (line .. " "):gmatch(".") do
    if letter == '"' then inside = not inside end
    if letter:match("%s") and not inside then
      keep(word)
      word = ""
    else
      word = word .. letter
    end
  end
  return found
end

-- BOOTIF=01-52-54-00-00-00-01, as boot loaders hand it on, as a MAC address; nil if it is none.
function parameters.boot_mac(found)
  local digits = (found.BOOTIF or ""):lower():gsub("^01%-", ""):gsub("-", ":")
  return digits:match("^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$")
end

-- root_device=serial=x,size=10 as root device hints.
function parameters.root_device(found)
  local hints = {}
  for name, value in (found.root_device or ""):gmatch("([^=,]+)=([^,]*)") do hints[name] = value end
  return next(hints) and hints or nil
end

return parameters
