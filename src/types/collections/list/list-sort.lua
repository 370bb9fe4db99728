-- Sorts a list in place: numbers by value, then strings by UTF-16 code unit, then the rest by their text.
-- Only numbers, or only strings that sort as their bytes do, are left to SORT as they are. In a mix every item goes to a
-- helper list with a prefix whose bytes sort as the item should; SORT ALPHA STORE compares bytes.
-- O(n log n), a mix with a second copy of the list while it works. Keeps the time to live.
-- KEYS: list, helper (empty before and after). ARGV: 'json' or 'text' (how items are encoded), 'ASC' or 'DESC'.
-- @slow
-- @include chunks
-- @include keep-ttl
-- @include json
local list, helper = KEYS[1], KEYS[2]
local json = ARGV[1] == 'json'
local length = redis.call('LLEN', list)

-- Eight bytes that sort as the number does.
local function number_key(n)
  local bytes = struct.pack('>d', n)
  if bytes:byte(1) < 128 then
    return string.char(bytes:byte(1) + 128) .. bytes:sub(2)
  end
  return (bytes:gsub('.', function(byte)
    return string.char(255 - byte:byte())
  end))
end

-- The UTF-8 bytes of one UTF-16 code unit.
local function unit(code)
  if code < 128 then
    return string.char(code)
  elseif code < 2048 then
    return string.char(192 + math.floor(code / 64), 128 + code % 64)
  end
  return string.char(224 + math.floor(code / 4096), 128 + math.floor(code / 64) % 64, 128 + code % 64)
end

local function surrogates(astral)
  local a, b, c, d = astral:byte(1, 4)
  local code = (((a - 240) * 64 + b - 128) * 64 + c - 128) * 64 + d - 128 - 65536
  return unit(55296 + math.floor(code / 1024)) .. unit(56320 + code % 1024)
end

-- Bytes that sort as UTF-16 does: every code unit by itself in UTF-8 (known as CESU-8). A zero byte is kept apart from
-- the end of the text.
local function string_key(text)
  if text:find('[%z\240-\244]') then
    text = text:gsub('[\240-\244][\128-\191][\128-\191][\128-\191]', surrogates):gsub('%z', '\0\255')
  end
  return text
end

local escapes = { ['/'] = '/', b = '\b', f = '\f', n = '\n', r = '\r', t = '\t' }

-- The text of a JSON string, lone surrogates included, which cjson refuses; nil if it is not one.
local function json_string(item)
  if #item < 2 or item:sub(-1) ~= '"' or item:find('[%z\1-\31]') then
    return nil
  end
  local inner = item:sub(2, -2):gsub('\\\\', '\1'):gsub('\\"', '\2')
  if inner:find('"') or inner:gsub('\\[/bfnrt]', ''):gsub('\\u%x%x%x%x', ''):find('\\') then
    return nil
  end
  return (inner
    :gsub('\\([/bfnrt])', escapes)
    :gsub('\\u(%x%x%x%x)', function(hex)
      return unit(tonumber(hex, 16))
    end)
    :gsub('\2', '"')
    :gsub('\1', '\\'))
end

local function sort_key(item)
  if json then
    local first = item:byte(1)
    if first and (first >= 48 and first <= 57 or first == 45) then
      local n = number_of(item)
      if n then
        return '1' .. number_key(n)
      end
    elseif first == 34 then
      local text = json_string(item)
      if text then
        return '2' .. string_key(text)
      end
    elseif item == 'true' or item == 'false' or item == 'null' or ((first == 123 or first == 91) and is_json(item)) then
      return '3' .. string_key(item)
    end
  end
  return '2' .. string_key(item)
end

-- Whether all items of a run are integers of at most 15 characters as JavaScript writes them: one search for all of them.
local function all_integers(run)
  for i = 1, #run do
    if #run[i] > 15 then
      return false
    end
  end
  local text = ',' .. table.concat(run, ',') .. ','
  if text:find('[^%d,-]') or text:find(',,', 1, true) then
    return false
  elseif text:find('-', 1, true) and (text:find('[%d-]%-') or text:find('%-[^1-9]')) then
    return false
  end
  return not (text:find(',0', 1, true) and text:find(',0[^,]'))
end

-- Whether an item is a string that stands as it is and sorts as its bytes do.
local function is_plain(item)
  return not item:find('[\238-\255]') and not (json and item:find('^[-%d"{%[tfn]'))
end

-- The same of all items of a run at once; an item with a line break may make it false.
local function all_plain(run)
  local text = '\n' .. table.concat(run, '\n')
  return not text:find('[\238-\255]') and not (json and text:find('\n[-%d"{%[tfn]'))
end

local function each(run, holds)
  for i = 1, #run do
    if not holds(run[i]) then
      return false
    end
  end
  return true
end

-- What kind of items there are: only numbers, only strings that stand as they are and sort as their bytes do, or a mix.
local function kind()
  local numbers, strings = json, true
  for first = 0, length - 1, 1000 do
    local run = redis.call('LRANGE', list, first, math.min(first + 999, length - 1))
    numbers = numbers and (all_integers(run) or each(run, number_of))
    strings = strings and (all_plain(run) or each(run, is_plain))
    if not numbers and not strings then
      return 'mix'
    end
  end
  return numbers and 'numbers' or 'strings'
end

local function sort_mix()
  for first = 0, length - 1, 1000 do
    local run = redis.call('LRANGE', list, first, math.min(first + 999, length - 1))
    for i = 1, #run do
      local key = sort_key(run[i])
      -- The length of the key, in four bytes behind its end, tells where the item begins.
      run[i] = key .. '\0\0' .. run[i] .. struct.pack('>I4', #key)
    end
    push_all('RPUSH', helper, run, 1, #run)
  end
  redis.call('SORT', helper, 'ALPHA', ARGV[2], 'STORE', helper)
  for first = 0, length - 1, 1000 do
    local run = redis.call('LRANGE', helper, first, math.min(first + 999, length - 1))
    for i = 1, #run do
      local size = struct.unpack('>I4', run[i]:sub(-4))
      run[i] = run[i]:sub(size + 3, -5)
    end
    push_all('RPUSH', list, run, 1, #run)
  end
  redis.call('DEL', helper)
  redis.call('LTRIM', list, length, -1)
end

if length > 1 then
  local sorts = {
    numbers = function()
      -- SORT refuses numbers below the normal doubles.
      local sorted = redis.pcall('SORT', list, ARGV[2], 'STORE', list)
      if type(sorted) == 'table' and sorted.err then
        sort_mix()
      end
    end,
    strings = function()
      redis.call('SORT', list, 'ALPHA', ARGV[2], 'STORE', list)
    end,
    mix = sort_mix
  }
  keep_ttl(list, sorts[kind()])
end
