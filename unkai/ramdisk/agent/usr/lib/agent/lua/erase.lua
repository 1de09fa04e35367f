-- Cleaning: what the last tenant left. Metadata goes by default; everything, when asked for.
local disks = require("disks")
local system = require("system")

local erase = {}
-- The one of util-linux: the shell, which is busybox, would take its own of that name.
local BLKDISCARD = "/sbin/blkdiscard"

-- An array is erased as the disk that it is; its members, and so the array, stay what they are.
local function each_disk(work)
  local done = {}
  for _, disk in ipairs(disks.usable()) do
    work(disk)
    disks.reread(disk.name)
    done[#done + 1] = disk.name
  end
  if #done == 0 then error({ type = "BlockDeviceEraseError", message = "no disk was found" }, 0) end
  return table.concat(done, ", ")
end

-- Signatures and tables of every partition, then of the disk. What the disk can discard is discarded,
-- which on most flash leaves zeros: cheap, but no promise; the promise is erase_devices.
function erase.metadata()
  return "metadata erased from " .. each_disk(function(disk)
    system.log("erasing the metadata of %s", disk.name)
    for _, partition in ipairs((disks.partitions(disk.name))) do
      if system.exists(partition.path) then
        system.run("wipefs", "-q", "-a", "-f", partition.path)
        disks.blank_ends(partition.path, partition.sectors * 512)
      end
    end
    system.run("wipefs", "-q", "-a", "-f", disk.name)
    system.try(BLKDISCARD, "-q", "-f", disk.name)
    disks.blank_ends(disk.name, disk.size)
  end)
end

local function is_blank(disk, progress)
  local mib = 1024 * 1024
  local zeros = ("\0"):rep(mib)
  local file = assert(io.open(disk.name, "rb"))
  local at = 0
  for block in file:lines(mib) do
    if block ~= zeros and block ~= zeros:sub(1, #block) then break end
    at = at + #block
    if at % (1024 * mib) == 0 then progress({ verifying = disk.name, bytes_verified = at }) end
  end
  file:close()
  return at == disk.size
end

-- Zeros over everything, by the disk's own command where it has one, then read back whole.
function erase.everything(progress)
  return "all data erased from " .. each_disk(function(disk)
    system.log("erasing all of %s", disk.name)
    progress({ erasing = disk.name })
    system.run(BLKDISCARD, "-z", "-f", disk.name)
    progress({ verifying = disk.name })
    if not is_blank(disk, progress) then
      error({ type = "BlockDeviceEraseError", message = disk.name .. " still has data" }, 0)
    end
  end)
end

return erase
