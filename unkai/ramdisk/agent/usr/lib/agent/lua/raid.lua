-- Software RAID by the kernel's md: what a node's target_raid_config asks for, and its end.
--
-- An array that is alone on its disks is made of whole disks; its mark is at their ends (metadata 1.0).
-- So each half of a mirror begins as the array does, and any firmware starts from either: the volume
-- for the operating system must be such a mirror. Other arrays share their disks as partitions.
local disks = require("disks")
local hints = require("hints")
local json = require("json")
local system = require("system")

local raid = {}
local GIB, MIB = 1024 * 1024 * 1024, 1024 * 1024
-- By it `boot` tells ours from what a tenant left behind, which is never brought to life.
local HOME = "unkai"
local RAID_PARTITION = "A19D880F-05FC-4D3B-A006-743F0F84911E"
-- Kept free: of each member for md's own mark, of each disk for a partition table's two copies.
local MARK, TABLE = 4 * MIB, 4 * MIB
-- By the API's name: mdadm's, the fewest disks, how many disks' worth of room n of them have.
local LEVELS = {
  ["0"] = { md = "0", least = 2, room = function(n) return n end },
  ["1"] = { md = "1", least = 2, room = function() return 1 end },
  ["5"] = { md = "5", least = 3, room = function(n) return n - 1 end },
  ["6"] = { md = "6", least = 4, room = function(n) return n - 2 end },
  ["1+0"] = { md = "10", least = 4, room = function(n) return n // 2 end },
}

local function refuse(form, ...)
  error({ type = "SoftwareRAIDError", message = form:format(...) }, 0)
end

local function chosen_disks(logical, present)
  if not logical.physical_disks then return present end
  local found = {}
  for _, wanted in ipairs(logical.physical_disks) do
    found[#found + 1] = hints.choose(present, type(wanted) == "table" and wanted or { name = wanted })
  end
  return found
end

local function check(logical, number, members)
  local level = LEVELS[logical.raid_level]
  if (logical.controller or "software") ~= "software" then
    refuse("logical disk %d: this agent makes software RAID, not that of controller %s", number,
      logical.controller)
  end
  if not level then refuse("logical disk %d: no RAID level %s", number, logical.raid_level) end
  if #members < level.least then
    refuse("logical disk %d: level %s needs %d disks, there are %d", number, logical.raid_level,
      level.least, #members)
  end
  if logical.size_gb ~= "MAX" and math.type(tonumber(logical.size_gb)) ~= "integer" then
    refuse("logical disk %d: size_gb is MAX or a whole number", number)
  end
end

-- Bytes that each member gives to an array of a fixed size.
local function share_of(logical, members)
  local room = LEVELS[logical.raid_level].room(#members)
  return (tonumber(logical.size_gb) * GIB // room + MIB - 1) // MIB * MIB
end

-- What is left on the fullest member once the arrays of fixed size have their share.
local function rest_for(array, arrays)
  local least = math.maxinteger
  for _, disk in ipairs(array.disks) do
    local free = disk.size - TABLE - MARK
    for _, other in ipairs(arrays) do
      for _, used in ipairs(other.disks) do
        if used.name == disk.name and other ~= array then
          if not other.share and not array.share then
            refuse("two logical disks of size MAX share %s", disk.name)
          end
          free = free - MARK - (other.share or 0)
        end
      end
    end
    least = math.min(least, free)
  end
  return least // MIB * MIB
end

local function alone(array, arrays)
  for _, other in ipairs(arrays) do
    for _, used in ipairs(other.disks) do
      for _, disk in ipairs(array.disks) do
        if other ~= array and used.name == disk.name then return false end
      end
    end
  end
  return true
end

-- The arrays to make: { level, md, disks, share (bytes of each member), whole, root }. Pure.
function raid.plan(config, present)
  local arrays = {}
  for number, logical in ipairs(config.logical_disks or {}) do
    local members = chosen_disks(logical, present)
    check(logical, number, members)
    arrays[number] = {
      level = logical.raid_level, md = LEVELS[logical.raid_level].md, disks = members,
      root = logical.is_root_volume == true, name = logical.volume_name,
      share = logical.size_gb ~= "MAX" and share_of(logical, members) or nil,
    }
  end
  if #arrays == 0 then refuse("target_raid_config has no logical disks of this kind") end
  local rests = {}
  for number, array in ipairs(arrays) do rests[number] = rest_for(array, arrays) end
  for number, array in ipairs(arrays) do
    array.share = array.share or rests[number]
    array.whole = alone(array, arrays)
    if array.share < MIB or array.share > rests[number] then
      refuse("logical disk %d does not fit: %d bytes of each disk, %d are free", number, array.share,
        rests[number])
    end
    if array.root and (array.level ~= "1" or not array.whole) then
      refuse("logical disk %d: the root volume must be of level 1 and alone on its disks, for "
        .. "firmware starts it from either one", number)
    end
  end
  return arrays
end

-- Of a command's arguments: which logical disks are meant.
local function asked_for(config, args)
  local kept = {}
  for _, logical in ipairs(config.logical_disks or {}) do
    local wanted = args.create_nonroot_volumes
    if logical.is_root_volume then wanted = args.create_root_volume end
    if wanted ~= false then kept[#kept + 1] = logical end
  end
  return { logical_disks = kept }
end

local function partition_of(disk, number)
  return disk .. (disk:match("%d$") and "p" or "") .. number
end

-- Tables on the disks that several arrays share, and each array's members.
local function lay_out(arrays)
  local tables = {}
  for _, array in ipairs(arrays) do
    array.members = {}
    for _, disk in ipairs(array.disks) do
      if array.whole then
        array.members[#array.members + 1] = disk.name
      else
        local lines = tables[disk.name] or {}
        lines[#lines + 1] = ("size=%dKiB, type=%s\n"):format((array.share + MARK) // 1024, RAID_PARTITION)
        tables[disk.name] = lines
        array.members[#array.members + 1] = partition_of(disk.name, #lines)
      end
    end
  end
  for name, lines in pairs(tables) do
    local script = system.RUN .. "/table"
    system.write(script, "label: gpt\n" .. table.concat(lines))
    system.run("sh", "-c", ("sfdisk -q --wipe always %s <%s"):format(system.quote(name), script))
    disks.reread(name)
  end
end

local function make(number, array)
  local device = ("/dev/md%d"):format(number)
  local size = array.md == "0" and "" or ("--size=%d"):format(array.share // 1024)
  local line = ("mdadm --create %s --run --force --metadata=1.0 --homehost=%s --name=%d --level=%s %s "
    .. "--raid-devices=%d"):format(device, HOME, number, array.md, size, #array.members)
  for _, member in ipairs(array.members) do
    system.try("mdadm", "--zero-superblock", "--force", member)
    line = line .. " " .. system.quote(member)
  end
  system.log("%s", line)
  system.run("sh", "-c", line .. " </dev/null")
  return device
end

-- Make what config asks for; { logical_disks }, each with its device as root_device_hint.
function raid.create(config, args)
  if not config or not config.logical_disks then refuse("the node has no target_raid_config") end
  if #disks.arrays() > 0 then
    if not args.delete_existing then
      refuse("there is software RAID already: delete_configuration comes first")
    end
    raid.delete()
  end
  local arrays = raid.plan(asked_for(config, args), disks.usable())
  lay_out(arrays)
  local made = json.array()
  for place, array in ipairs(arrays) do
    local device = make(place - 1, array)
    local sectors = tonumber(system.line("/sys/block/" .. device:sub(6) .. "/size") or "0")
    local names = json.array()
    for _, disk in ipairs(array.disks) do names[#names + 1] = disk.name end
    made[place] = {
      controller = "software", raid_level = array.level, size_gb = sectors * 512 // GIB,
      physical_disks = names, is_root_volume = array.root, volume_name = array.name,
      root_device_hint = { name = device },
    }
  end
  return { logical_disks = made }
end

-- Stop every array and take its marks and tables off the disks.
function raid.delete()
  for _, array in ipairs(disks.arrays()) do
    local members = disks.members(array)
    system.log("ending %s of %s", array, table.concat(members, ", "))
    system.try("wipefs", "-q", "-a", "-f", array)
    system.run("mdadm", "--stop", array)
    for _, member in ipairs(members) do
      system.run("mdadm", "--zero-superblock", "--force", member)
    end
  end
  for _, disk in ipairs(disks.usable()) do
    local partitions = disks.partitions(disk.name)
    local only_raid = #partitions > 0
    for _, partition in ipairs(partitions) do
      only_raid = only_raid and (partition.type or ""):upper() == RAID_PARTITION
    end
    if only_raid then
      system.run("wipefs", "-q", "-a", "-f", disk.name)
      disks.reread(disk.name)
    end
  end
  return "software RAID is gone"
end

return raid
