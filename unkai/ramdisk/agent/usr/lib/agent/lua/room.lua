-- What a fresh image does not know: how large its disk is. The backup table goes to the end, the config
-- drive before it, and the last partition takes the rest.
local disks = require("disks")
local system = require("system")

local MIB_SECTORS = 2048
local LINUX_TYPES = { -- the last partition grows only if it is one of these
  ["0FC63DAF-8483-4772-8E79-3D69D8477DE4"] = true, -- Linux file system
  ["4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"] = true, -- Linux root, x86-64
  ["83"] = true,
}
local LINUX = { gpt = "0FC63DAF-8483-4772-8E79-3D69D8477DE4", dos = "83" }

local room = {}

local function edit(path, words, script)
  local place = os.tmpname()
  system.write(place, script)
  local quoted = {}
  for index, word in ipairs(words) do quoted[index] = system.quote(word) end
  local line = ("sfdisk -q --no-reread --force %s %s <%s"):format(table.concat(quoted, " "),
    system.quote(path), system.quote(place))
  local done, said = system.try("sh", "-c", line)
  os.remove(place)
  if not done then
    error({ type = "PartitionError", message = ("the table of %s: %s"):format(path, said) }, 0)
  end
end

-- First sector behind what may be used: a GPT's backup takes the last 33.
local function usable_end(disk, label)
  local sectors = disk.size // 512
  return label == "gpt" and sectors - 33 or sectors
end

function room.relocate_backup(disk)
  local _, label = disks.partitions(disk.name)
  if label == "gpt" then
    system.run("sfdisk", "-q", "--no-reread", "--relocate", "gpt-bak-std", disk.name)
  end
end

-- A partition at the end of the disk, named config-2, with the data in it. The sector it starts at.
function room.add_config_drive(disk, data_file, bytes)
  local partitions, label = disks.partitions(disk.name)
  if not label then
    error({ type = "ConfigDriveError",
      message = "the image has no partition table, so a config drive has no place" }, 0)
  end
  local sectors = math.max(1, (bytes + 1024 * 1024 - 1) // (1024 * 1024)) * MIB_SECTORS
  local start = (usable_end(disk, label) - sectors) // MIB_SECTORS * MIB_SECTORS
  local last = partitions[#partitions]
  if label == "dos" and #partitions >= 4 or last and last.start + last.sectors > start then
    error({ type = "ConfigDriveError",
      message = ("no room for a config drive of %d bytes on %s"):format(bytes, disk.name) }, 0)
  end
  local unit = (disk.logical_sectors or 512) // 512
  local name = label == "gpt" and ', name="config-2"' or ""
  edit(disk.name, { "--append" }, ("start=%d, size=%d, type=%s%s\n"):format(start // unit,
    sectors // unit, LINUX[label], name))
  system.run("dd", "if=" .. data_file, "of=" .. disk.name, "bs=1M", "seek=" .. start // MIB_SECTORS,
    "conv=notrunc,fsync")
  return start
end

local function is_ext(path, start)
  local file = assert(io.open(path, "rb"))
  file:seek("set", start * 512 + 1024 + 0x38)
  local magic = file:read(2)
  file:close()
  return magic == "\x53\xef"
end

-- e2fsck exits with 1 after it mended something, which is as good.
local function grow_ext(device)
  local line = "e2fsck -fp %s; [ $? -le 1 ] && resize2fs %s"
  local word = system.quote(device)
  system.run("sh", "-c", line:format(word, word))
end

-- Let the last partition of the image reach to the config drive, which starts at sector `drive_at`, or
-- to the end, and an ext2, ext3 or ext4 in it fill it. Other file systems grow at the operating system's first start. What was done, in words.
function room.grow_last(disk, drive_at)
  local partitions, label = disks.partitions(disk.name)
  local stop = drive_at or label and usable_end(disk, label)
  local last = partitions[drive_at and #partitions - 1 or #partitions]
  if not last or not LINUX_TYPES[last.type] then return "nothing to grow" end
  local sectors = (stop - last.start) // MIB_SECTORS * MIB_SECTORS
  if sectors - last.sectors < MIB_SECTORS then return "nothing to grow" end
  local unit = (disk.logical_sectors or 512) // 512
  edit(disk.name, { "-N", last.number }, (",%d\n"):format(sectors // unit))
  disks.reread(disk.name)
  if is_ext(disk.name, last.start) and disk.name:match("^/dev/") then
    grow_ext(last.path)
    return ("partition %d and its file system grown to %d MiB"):format(last.number,
      sectors // MIB_SECTORS)
  end
  return ("partition %d grown to %d MiB"):format(last.number, sectors // MIB_SECTORS)
end

return room
