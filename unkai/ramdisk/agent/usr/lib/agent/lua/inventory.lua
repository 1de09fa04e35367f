-- What this machine is made of, in the words of ironic-python-agent's inventory.
local disks = require("disks")
local hints = require("hints")
local json = require("json")
local lldp = require("lldp")
local parameters = require("parameters")
local system = require("system")

local inventory = {}
local DMI = "/sys/class/dmi/id/"

local function addresses(name)
  local _, said = system.try("ip", "-o", "addr", "show", "dev", name)
  local v6
  for address in said:gmatch("inet6 ([%x:]+)/%d+ scope global") do v6 = v6 or address end
  return said:match("inet ([%d.]+)/"), v6
end

local function interface(name)
  local folder = "/sys/class/net/" .. name
  local ipv4, ipv6 = addresses(name)
  local device = system.run("readlink", "-f", folder .. "/device")
  local speed = tonumber(system.line(folder .. "/speed") or "")
  return {
    name = name,
    mac_address = system.line(folder .. "/address"),
    ipv4_address = ipv4,
    ipv6_address = ipv6,
    has_carrier = system.line(folder .. "/carrier") == "1",
    speed_mbps = speed and speed > 0 and speed or nil,
    vendor = system.line(folder .. "/device/vendor"),
    product = system.line(folder .. "/device/device"),
    pci_address = device:match(".*(%x%x%x%x:%x%x:%x%x%.%x)"),
    driver = system.run("readlink", "-f", folder .. "/device/driver"):match("([^/\n]+)\n?$"),
    lldp = lldp.of(name),
  }
end

function inventory.interfaces()
  local found = json.array()
  for _, name in ipairs(system.list("/sys/class/net")) do
    if system.exists("/sys/class/net/" .. name .. "/device/uevent") then
      found[#found + 1] = interface(name)
    end
  end
  return found
end

local function cpu()
  local text = system.read("/proc/cpuinfo") or ""
  local sockets, number = {}, 0
  for id in text:gmatch("physical id%s*: (%d+)") do
    if not sockets[id] then number = number + 1 end
    sockets[id] = true
  end
  local flags = json.array()
  for flag in (text:match("flags%s*: ([^\n]*)") or ""):gmatch("%S+") do flags[#flags + 1] = flag end
  return {
    model_name = text:match("model name%s*: ([^\n]*)"),
    frequency = text:match("cpu MHz%s*: ([^\n]*)"),
    count = select(2, text:gsub("processor%s*:", "")),
    socket_count = math.max(1, number),
    architecture = system.run("uname", "-m"):match("%S+"),
    flags = flags,
  }
end

-- What the machine was built with: the memory devices of its SMBIOS tables (type 17), in MiB.
local function installed_mib()
  local total = 0
  for _, entry in ipairs(system.list("/sys/firmware/dmi/entries")) do
    local raw = entry:match("^17%-") and system.read("/sys/firmware/dmi/entries/" .. entry .. "/raw")
    if raw and #raw >= 14 then
      local size = string.unpack("<I2", raw, 13)
      if size == 0x7FFF and #raw >= 32 then size = string.unpack("<I4", raw, 29) & 0x7FFFFFFF
      elseif size == 0xFFFF then size = 0
      elseif size & 0x8000 ~= 0 then size = (size & 0x7FFF) // 1024 end
      total = total + size
    end
  end
  return total > 0 and total or nil
end

local function memory()
  local kib = tonumber((system.read("/proc/meminfo") or ""):match("MemTotal:%s*(%d+)"))
  return { total = kib * 1024, physical_mb = installed_mib() or kib // 1024 }
end

local function vendor()
  return {
    manufacturer = system.line(DMI .. "sys_vendor"),
    product_name = system.line(DMI .. "product_name"),
    serial_number = system.line(DMI .. "product_serial"),
    firmware = {
      vendor = system.line(DMI .. "bios_vendor"),
      version = system.line(DMI .. "bios_version"),
      build_date = system.line(DMI .. "bios_date"),
    },
  }
end

-- The parameters as the agent found them at its start.
function inventory.parameters()
  return parameters.parse(system.read("/proc/cmdline") or "")
end

function inventory.collect()
  local asked = inventory.parameters()
  return {
    interfaces = inventory.interfaces(),
    cpu = cpu(),
    memory = memory(),
    disks = json.array(disks.all()),
    system_vendor = vendor(),
    boot = {
      current_boot_mode = system.exists("/sys/firmware/efi/fw_platform_size") and "uefi" or "bios",
      pxe_interface = parameters.boot_mac(asked),
    },
    hostname = system.line("/proc/sys/kernel/hostname"),
    bmc_address = json.null,
    bmc_v6address = json.null,
    bmc_mac = json.null,
  }
end

-- The disk for the operating system, by the node's hints, else by the kernel's command line.
function inventory.root_disk(node)
  local wanted = node and node.instance_info and node.instance_info.root_device
    or node and node.properties and node.properties.root_device
    or parameters.root_device(inventory.parameters())
  return hints.choose(disks.usable(), wanted)
end

return inventory
