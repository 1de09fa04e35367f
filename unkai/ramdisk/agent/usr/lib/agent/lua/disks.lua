-- The machine's disks as sysfs shows them, and their partitions.
local system = require("system")

local disks = {}
local SECTOR = 512

local function id_of(folder)
  local place = system.line(folder .. "/wwid") or system.line(folder .. "/device/wwid")
  if not place then return nil end
  local naa = place:match("^naa%.(.+)$")
  return naa and "0x" .. naa or place:match("^eui%.") and place or nil
end

-- SCSI and SATA disks tell their serial number in page 0x80 of their vital product data.
local function serial_of(folder)
  local serial = system.line(folder .. "/serial") or system.line(folder .. "/device/serial")
  if serial then return serial end
  local page = system.read(folder .. "/device/vpd_pg80")
  return page and #page > 4 and page:sub(5):match("^[%s%z]*(.-)[%s%z]*$") or nil
end

local function by_path(name)
  local target = system.run("readlink", "-f", "/sys/block/" .. name)
  local pci = target:match(".*/(%x+:%x+:%x+%.%x)/")
  return pci and ("/dev/disk/by-path/pci-%s"):format(pci) or nil
end

local function disk_of(name)
  local folder = "/sys/block/" .. name
  local sectors = tonumber(system.line(folder .. "/size") or "0")
  local device = system.run("readlink", "-f", folder .. "/device"):match("([^/\n]+)\n?$")
  return {
    name = "/dev/" .. name,
    size = sectors * SECTOR,
    model = system.line(folder .. "/device/model") or "",
    vendor = system.line(folder .. "/device/vendor") or "",
    serial = serial_of(folder),
    wwn = id_of(folder),
    rotational = system.line(folder .. "/queue/rotational") == "1",
    hctl = device and device:match("^%d+:%d+:%d+:%d+$"),
    by_path = by_path(name),
    logical_sectors = tonumber(system.line(folder .. "/queue/logical_block_size")),
    physical_sectors = tonumber(system.line(folder .. "/queue/physical_block_size")),
    tran = name:match("^nvme") and "nvme" or name:match("^vd") and "virtio"
      or name:match("^md") and "raid" or "scsi",
  }
end

-- Every disk: whole, not removable, not read-only; arrays of software RAID are disks, too.
function disks.all()
  local found = {}
  for _, name in ipairs(system.list("/sys/block")) do
    local folder = "/sys/block/" .. name
    local kind = name:match("^vd") or name:match("^sd") or name:match("^nvme") or name:match("^hd")
      or name:match("^md%d+$")
    local fixed = system.line(folder .. "/removable") ~= "1" and system.line(folder .. "/ro") ~= "1"
    local sectors = tonumber(system.line(folder .. "/size") or "0")
    if kind and fixed and sectors > 0 then found[#found + 1] = disk_of(name) end
  end
  return found
end

-- Those that an operating system could be written to: what is a part of an array is not.
function disks.usable()
  local found = {}
  for _, disk in ipairs(disks.all()) do
    local folder = "/sys/block/" .. disk.name:sub(6)
    local holders = system.try("sh", "-c", ("ls %s/holders/md* %s/*/holders/md* 2>/dev/null | grep -q .")
      :format(folder, folder))
    if not holders then found[#found + 1] = disk end
  end
  return found
end

-- The devices of all arrays that run.
function disks.arrays()
  local found = {}
  for _, disk in ipairs(disks.all()) do
    if disk.name:match("^/dev/md%d+$") then found[#found + 1] = disk.name end
  end
  return found
end

-- The disks or partitions that an array is made of.
function disks.members(array)
  local found = {}
  for _, name in ipairs(system.list("/sys/block/" .. array:sub(6) .. "/slaves")) do
    found[#found + 1] = "/dev/" .. name
  end
  return found
end

-- Partitions by their start: { number, start, sectors, type, name, path }; {} without a table.
-- Sectors are always 512 bytes, however the disk counts.
function disks.partitions(path)
  local done, said = system.try("sfdisk", "-d", path)
  if not done then return {}, nil end
  local found = {}
  local unit = tonumber(said:match("sector%-size: (%d+)") or SECTOR) // SECTOR
  for line in said:gmatch("[^\n]+") do
    local number, fields = line:match("(%d+) : (start=.*)$")
    if number then
      found[#found + 1] = {
        number = tonumber(number),
        path = line:match("^(%S+)"),
        start = tonumber(fields:match("start=%s*(%d+)")) * unit,
        sectors = tonumber(fields:match("size=%s*(%d+)")) * unit,
        type = fields:match("type=([%w-]+)"),
        name = fields:match('name="([^"]*)"'),
      }
    end
  end
  table.sort(found, function(one, other) return one.start < other.start end)
  return found, said:match("label: (%w+)")
end

-- The kernel reads the table anew; partitions appear as devices.
function disks.reread(path)
  if path:match("^/dev/") then
    system.try("blockdev", "--rereadpt", path)
    system.try("mdev", "-s")
  end
end

-- Zeros over the first and the last MiB, where tables and most signatures are.
function disks.blank_ends(path, size)
  local mib = 1024 * 1024
  local last = (size - 1) // mib
  for _, at in ipairs({ 0, last }) do
    local bytes = math.min(mib, size - at * mib)
    system.run("dd", "if=/dev/zero", "of=" .. path, "bs=512", "seek=" .. at * mib // 512,
      "count=" .. bytes // 512, "conv=notrunc,fsync")
  end
end

return disks
