-- JSON as the protocol needs it. null is json.null, so that a step can be sent back exactly as it
-- came; an array keeps its kind even when it is empty.
local json = { null = setmetatable({}, { __name = "null" }) }
local array_kind = { __name = "array" }
local DEPTH_MAX = 64
local ESCAPES = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

function json.array(list)
  return setmetatable(list or {}, array_kind)
end

-- Without its nulls: what is null is then simply not there.
function json.without_nulls(value)
  if value == json.null then return nil end
  if type(value) ~= "table" then return value end
  local copy = setmetatable({}, getmetatable(value))
  for key, each in pairs(value) do copy[key] = json.without_nulls(each) end
  return copy
end

local function broken(text, at, why)
  error({ type = "InvalidJson", message = ("%s at byte %d of %d"):format(why, at, #text) }, 0)
end

local function skip(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local function four_hex(text, at)
  local digits = text:match("^%x%x%x%x", at)
  if not digits then broken(text, at, "bad \\u escape") end
  return tonumber(digits, 16)
end

local function read_escape(text, at) -- `at` is behind the backslash
  local letter = text:sub(at, at)
  if letter ~= "u" then
    if not ESCAPES[letter] then broken(text, at, "bad escape") end
    return ESCAPES[letter], at + 1
  end
  local code = four_hex(text, at + 1)
  at = at + 5
  if code >= 0xD800 and code <= 0xDBFF and text:sub(at, at + 1) == "\\u" then
    local low = four_hex(text, at + 2)
    if low >= 0xDC00 and low <= 0xDFFF then
      return utf8.char(0x10000 + (code - 0xD800) * 0x400 + low - 0xDC00), at + 6
    end
  end
  return utf8.char(code), at
end

local function read_string(text, at)
  local parts = {}
  at = at + 1
  while true do
    local stop = text:find('["\\%c]', at)
    if not stop then broken(text, at, "string without an end") end
    parts[#parts + 1] = text:sub(at, stop - 1)
    local found = text:sub(stop, stop)
    if found == '"' then return table.concat(parts), stop + 1 end
    if found ~= "\\" then broken(text, stop, "control character in a string") end
    parts[#parts + 1], at = read_escape(text, stop + 1)
  end
end

local read_value

local function read_array(text, at, depth)
  local list = json.array()
  at = skip(text, at + 1)
  if text:sub(at, at) == "]" then return list, at + 1 end
  while true do
    list[#list + 1], at = read_value(text, at, depth)
    at = skip(text, at)
    local found = text:sub(at, at)
    if found == "]" then return list, at + 1 end
    if found ~= "," then broken(text, at, "expected , or ]") end
    at = at + 1
  end
end

local function read_object(text, at, depth)
  local object = {}
  at = skip(text, at + 1)
  if text:sub(at, at) == "}" then return object, at + 1 end
  while true do
    at = skip(text, at)
    if text:sub(at, at) ~= '"' then broken(text, at, "expected a name") end
    local name
    name, at = read_string(text, at)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then broken(text, at, "expected :") end
    object[name], at = read_value(text, at + 1, depth)
    at = skip(text, at)
    local found = text:sub(at, at)
    if found == "}" then return object, at + 1 end
    if found ~= "," then broken(text, at, "expected , or }") end
    at = at + 1
  end
end

function read_value(text, at, depth)
  at = skip(text, at)
  if depth > DEPTH_MAX then broken(text, at, "nested too deeply") end
  local first = text:sub(at, at)
  if first == "{" then return read_object(text, at, depth + 1) end
  if first == "[" then return read_array(text, at, depth + 1) end
  if first == '"' then return read_string(text, at) end
  local word = text:match("^%a+", at)
  if word == "true" then return true, at + 4 end
  if word == "false" then return false, at + 5 end
  if word == "null" then return json.null, at + 4 end
  local digits = text:match("^-?%d[%d.eE+-]*", at)
  local number = digits and tonumber(digits)
  if not number then broken(text, at, "expected a value") end
  return number, at + #digits
end

-- The value that the whole text is. Raises { type = "InvalidJson", message }.
function json.decode(text)
  local value, at = read_value(text, 1, 0)
  if skip(text, at) <= #text then broken(text, at, "more than one value") end
  return value
end

local function quoted(text)
  local escaped = text:gsub('[%c"\\\127]', function(letter)
    if letter == '"' or letter == "\\" then return "\\" .. letter end
    return ("\\u%04x"):format(letter:byte())
  end)
  -- Bytes of hardware that are not UTF-8 would make the whole document unreadable.
  if not utf8.len(escaped) then escaped = escaped:gsub("[\128-\255]", "?") end
  return '"' .. escaped .. '"'
end

local function number_text(number)
  if math.type(number) == "integer" then return tostring(number) end
  if number ~= number or number == math.huge or number == -math.huge then return "null" end
  return ("%.17g"):format(number)
end

function json.encode(value)
  local kind = type(value)
  if value == json.null or kind == "nil" then return "null" end
  if kind == "string" then return quoted(value) end
  if kind == "number" then return number_text(value) end
  if kind == "boolean" then return tostring(value) end
  local parts = {}
  if getmetatable(value) == array_kind then
    for index, each in ipairs(value) do parts[index] = json.encode(each) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  local names = {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for index, name in ipairs(names) do
    parts[index] = quoted(name) .. ":" .. json.encode(value[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

return json
