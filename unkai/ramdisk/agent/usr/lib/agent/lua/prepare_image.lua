-- The whole of a deploy on the machine: image, room, config drive.
local config_drive = require("config_drive")
local inventory = require("inventory")
local json = require("json")
local room = require("room")
local system = require("system")
local write_image = require("write_image")

local prepare = {}

-- The order matters: the config drive takes the end of the disk, the root grows up to it.
function prepare.onto(disk, args, context)
  local drive = context.place .. "/config-drive"
  local drive_bytes = args.configdrive and args.configdrive ~= ""
    and config_drive.unpack(args.configdrive, drive)
  local written = write_image.write(args.image_info, disk, context.place, context.progress)
  context.progress({ bytes_written = written })
  room.relocate_backup(disk)
  local drive_at = drive_bytes and room.add_config_drive(disk, drive, drive_bytes) or nil
  local fine, grown = pcall(room.grow_last, disk, drive_at)
  if not fine then
    grown = "the root was not grown: " .. (type(grown) == "table" and grown.message or grown)
  end
  os.remove(drive)
  system.run("sync")
  system.log("%d bytes on %s; %s", written, disk.name, grown)
  return ("image (%s) written to device %s: %d bytes; %s"):format(args.image_info.id, disk.name,
    written, grown)
end

function prepare.run(params, context)
  local args = json.without_nulls(params)
  if type(args.image_info) ~= "table" then
    error({ type = "InvalidCommandParamsError", message = "image_info is needed" }, 0)
  end
  return prepare.onto(inventory.root_disk(context.node), args, context)
end

return prepare
