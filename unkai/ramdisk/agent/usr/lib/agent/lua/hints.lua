-- Root device hints: which of the machine's disks the operating system goes to.
-- Plain numbers and words must be equal; operators are those of OpenStack's specs matcher.
local hints = {}
local GIB = 1024 ^ 3
local SMALLEST_USUAL = 4 * GIB

local NUMBERS = {
  ["="] = function(have, want) return have >= want end,
  ["=="] = function(have, want) return have == want end,
  ["!="] = function(have, want) return have ~= want end,
  [">="] = function(have, want) return have >= want end,
  ["<="] = function(have, want) return have <= want end,
  [">"] = function(have, want) return have > want end,
  ["<"] = function(have, want) return have < want end,
}
local WORDS = {
  ["s=="] = function(have, want) return have == want end,
  ["s!="] = function(have, want) return have ~= want end,
  ["s>="] = function(have, want) return have >= want end,
  ["s<="] = function(have, want) return have <= want end,
  ["s>"] = function(have, want) return have > want end,
  ["s<"] = function(have, want) return have < want end,
}

local function contains_all(have, want)
  local number = 0
  for part in want:gmatch("<all%-in>%s+(%S+)") do
    number = number + 1
    if not have:find(part, 1, true) then return false end
  end
  return number > 0
end

local function word_matches(have, want)
  have, want = tostring(have):lower(), tostring(want):lower()
  if want:match("^<or>") then
    for part in want:gmatch("<or>%s+(%S+)") do
      if have == part then return true end
    end
    return false
  end
  if want:match("^<all%-in>") then return contains_all(have, want) end
  local part = want:match("^<in>%s+(.+)$")
  if part then return have:find(part, 1, true) ~= nil end
  local operator, rest = want:match("^(%S+)%s+(.+)$")
  if WORDS[operator] then return WORDS[operator](have, rest) end
  return have == want
end

local function number_matches(have, want)
  if tonumber(want) then return have == tonumber(want) end
  local operator, rest = tostring(want):match("^([=!<>]+)%s*([%d.]+)$")
  if not NUMBERS[operator] then return false end
  return NUMBERS[operator](have, tonumber(rest))
end

local function truth(value)
  return value == true or tostring(value):lower() == "true" or tostring(value) == "1"
end

local function matches(disk, name, want)
  if name == "size" then return number_matches(disk.size // GIB, want) end
  if name == "rotational" then return truth(disk.rotational) == truth(want) end
  if name == "name" and disk.by_path and word_matches(disk.by_path, want) then return true end
  return disk[name] ~= nil and word_matches(disk[name], want)
end

local function described(wanted)
  local parts = {}
  for name, value in pairs(wanted) do parts[#parts + 1] = name .. "=" .. tostring(value) end
  table.sort(parts)
  return table.concat(parts, ", ")
end

-- The disk that all hints fit. Without hints the smallest that an operating system usually fits on.
function hints.choose(disks, wanted)
  local found = {}
  for _, disk in ipairs(disks) do
    local fits = true
    for name, want in pairs(wanted or {}) do fits = fits and matches(disk, name, want) end
    if fits then found[#found + 1] = disk end
  end
  if #found == 0 then
    local which = wanted and ("matches the root device hints " .. described(wanted)) or "was found"
    error({ type = "DeviceNotFound", message = ("no disk %s (%d seen)"):format(which, #disks) }, 0)
  end
  if wanted then return found[1] end
  table.sort(found, function(one, other)
    local small, other_small = one.size < SMALLEST_USUAL, other.size < SMALLEST_USUAL
    if small ~= other_small then return other_small end
    if one.size ~= other.size then return one.size < other.size end
    return one.name < other.name
  end)
  return found[1]
end

return hints
