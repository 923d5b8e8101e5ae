-- Calls, tables, strings and floating point, about a second each natively together.
local function fibonacci(n) return n < 2 and n or fibonacci(n - 1) + fibonacci(n - 2) end
print(fibonacci(29))

local sieve, count = {}, 0
for i = 2, 1000000 do sieve[i] = true end
for i = 2, 1000000 do
  if sieve[i] then
    count = count + 1
    for k = i * i, 1000000, i do sieve[k] = false end
  end
end
print(count)

local words = {}
for i = 1, 120000 do words[#words + 1] = ("%d:%x"):format(i * 7919 % 104729, i) end
table.sort(words)
local joined = table.concat(words, " ")
local digits = 0
for run in joined:gmatch("%d+") do digits = digits + #run end
print(#joined, digits, joined:gsub("a", "b"):sub(-20))

local x, y = 0.1, 0.2
for _ = 1, 5000000 do x, y = y * 1.0000001 + 0.5, x * 0.4999 - y * 0.1 end
print(x, y)

local Point = {}
Point.__index = Point
function Point:add(other) return setmetatable({ x = self.x + other.x, y = self.y + other.y }, Point) end
local point, step = setmetatable({ x = 0, y = 0 }, Point), { x = 1, y = 2 }
for _ = 1, 1000000 do point = point:add(step) end
print(point.x, point.y)
