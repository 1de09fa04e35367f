-- An image goes from its URL straight to the disk.
--
-- The first MiB, which has the boot code and the partition table, is written last, after the
-- checksum was right: whatever happens before, the disk does not boot a part of an image. The disk's
-- old tables are gone before the first byte.
local disks = require("disks")
local system = require("system")

local MIB = 1024 * 1024
local DECODERS = { gzip = "gunzip -c", zstd = "zstd -dcq", none = "cat" }
local DIGESTS = { sha256 = 64, sha512 = 128 }

local write_image = {}

local function fault(type, form, ...)
  error({ type = type, message = form:format(...) }, 0)
end

local function need(image)
  for _, name in ipairs({ "id", "urls" }) do
    if image[name] == nil then fault("InvalidCommandParamsError", "image_info lacks %s", name) end
  end
  if type(image.urls) ~= "table" or type(image.urls[1]) ~= "string" then
    fault("InvalidCommandParamsError", "image_info.urls must be a list of URLs")
  end
  if (image.disk_format or "raw") ~= "raw" then
    fault("InvalidCommandParamsError",
      "disk_format %s: this agent writes raw images, the server converts others", image.disk_format)
  end
  if (image.image_type or "whole-disk") ~= "whole-disk" then
    fault("InvalidCommandParamsError", "image_type %s: only whole-disk images are written",
      image.image_type)
  end
end

-- Algorithm and hexadecimal digest of the bytes that the URL serves.
function write_image.checksum(image)
  local algorithm, value = image.os_hash_algo, image.os_hash_value or image.checksum
  if not value then fault("InvalidCommandParamsError", "image_info names no checksum") end
  value = value:lower()
  if not algorithm then
    for name, digits in pairs(DIGESTS) do
      if #value == digits then algorithm = name end
    end
  end
  if not DIGESTS[algorithm] or #value ~= DIGESTS[algorithm] or value:match("%X") then
    fault("InvalidCommandParamsError", "checksum: sha256 or sha512 in hexadecimal is needed")
  end
  return algorithm, value
end

-- How large the disk is that an image starting so was made for; nil if it does not say.
function write_image.size_from_table(head)
  if head:sub(513, 520) == "EFI PART" then
    return (string.unpack("<I8", head, 513 + 32) + 1) * 512 -- where the backup table is
  end
  if #head < 512 or head:sub(511, 512) ~= "\x55\xaa" then return nil end
  local last = 0
  for entry = 0, 3 do
    local at = 447 + entry * 16
    local kind, start, sectors = head:byte(at + 4), string.unpack("<I4I4", head, at + 8)
    if kind ~= 0 then last = math.max(last, start + sectors) end
  end
  return last > 0 and last * 512 or nil
end

local function compression_of(image, url)
  if image.compression then return image.compression end
  return url:match("%.gz$") and "gzip" or url:match("%.zst$") and "zstd" or "none"
end

local function check_fit(size, disk)
  if size and size > disk.size then
    fault("ImageWriteError", "the image is %d bytes large and the disk %s only %d: not written",
      size, disk.name, disk.size)
  end
end

local function last_words(path)
  return (system.read(path) or ""):match("^(.-)%s*$")
end

-- A running download, decoded: read it like a file.
local function open_download(image, url, algorithm, place)
  local decoder = DECODERS[compression_of(image, url)]
  if not decoder then
    fault("InvalidCommandParamsError", "compression: gzip, zstd or none, not %s", image.compression)
  end
  local words = { "lua5.4", system.HERE .. "/fetch.lua", url, algorithm }
  for index, word in ipairs(words) do words[index] = system.quote(word) end
  local line = ("set -o pipefail; %s %s %s | %s 2>%s"):format(table.concat(words, " "),
    system.quote(place .. "/digest"), system.quote(place .. "/fetch"), decoder,
    system.quote(place .. "/decoder"))
  return assert(io.popen(system.quote(system.SHELL) .. " -c " .. system.quote(line)))
end

local function copy(source, head, disk, place, progress)
  local target = assert(io.popen(("dd of=%s bs=1M seek=1 iflag=fullblock conv=notrunc,fsync 2>%s")
    :format(system.quote(disk.name), system.quote(place .. "/dd")), "w"))
  local written, block, fine = #head, nil, true
  local said_at = system.uptime_s()
  while fine do
    block = source:read(MIB)
    if not block then break end
    written = written + #block
    if written > disk.size then
      target:close()
      fault("ImageWriteError", "the image is larger than the disk %s of %d bytes", disk.name,
        disk.size)
    end
    fine = target:write(block)
    if system.uptime_s() - said_at >= 1 then
      said_at = system.uptime_s()
      progress({ bytes_written = written })
    end
  end
  if not target:close() or not fine then
    fault("ImageWriteError", "writing to %s failed: %s", disk.name, last_words(place .. "/dd"))
  end
  return written
end

local function write_head(head, disk, place)
  system.write(place .. "/head", head)
  system.run("dd", "if=" .. place .. "/head", "of=" .. disk.name, "bs=1M", "conv=notrunc,fsync")
  os.remove(place .. "/head")
end

local function finish(source, place, algorithm, wanted)
  if not source:close() then
    local why = last_words(place .. "/fetch")
    if why ~= "" then fault("ImageDownloadError", "%s", why) end
    fault("ImageWriteError", "the image cannot be decoded: %s", last_words(place .. "/decoder"))
  end
  local found = (system.read(place .. "/digest") or ""):match("^%x+") or "nothing"
  if found ~= wanted then
    fault("ImageChecksumError", "the image's %s is %s and not %s: nothing of it will boot",
      algorithm, found, wanted)
  end
end

-- Write the image to the disk; how many bytes. `place` is a folder for the pieces in between.
local function from_url(image, url, disk, place, progress)
  local algorithm, wanted = write_image.checksum(image)
  check_fit(image.virtual_size, disk)
  for _, name in ipairs({ "digest", "fetch", "decoder", "dd" }) do os.remove(place .. "/" .. name) end
  local source = open_download(image, url, algorithm, place)
  local head = source:read(MIB) or ""
  if #head == 0 then
    finish(source, place, algorithm, wanted)
    fault("ImageDownloadError", "%s is empty", url)
  end
  check_fit(write_image.size_from_table(head), disk)
  system.log("writing %s to %s", url, disk.name)
  disks.blank_ends(disk.name, disk.size)
  local written = copy(source, head, disk, place, progress)
  finish(source, place, algorithm, wanted)
  write_head(head, disk, place)
  return written
end

function write_image.write(image, disk, place, progress)
  need(image)
  local problem
  for _, url in ipairs(image.urls) do
    local fine, result = pcall(from_url, image, url, disk, place, progress)
    if fine then
      disks.reread(disk.name)
      return result
    end
    problem = result
    if type(problem) ~= "table" or problem.type ~= "ImageDownloadError" then break end
    system.log("%s", problem.message)
  end
  error(problem, 0)
end

return write_image
