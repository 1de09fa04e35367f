-- A program: run one command and write its result. usage: worker.lua FOLDER
-- A process of its own, so that the agent answers meanwhile and outlives whatever happens here.
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local commands = require("commands")
local json = require("json")
local system = require("system")
local wake = require("wake")

local place = arg[1]
local request = json.decode(system.read(place .. "/request"))
local outcome = commands.execute(request.name, request.params, place)
system.write(place .. "/result", json.encode(outcome))
wake.send(wake.SERVER)
wake.send(wake.HEART)
