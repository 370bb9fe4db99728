-- Tells JSON arrays and objects from text as the readable codec does. cjson differs from JSON.parse: it takes NaN, and
-- refuses halves of surrogate pairs and deep nesting.
-- @include number

-- Whether a number in JSON keeps its value as a double. A text with one that does not is read as text.
local function keeps_value(number)
  local n = tonumber(number)
  if n - n ~= 0 then
    return false
  end
  return number:find('[.eE]') or #number < 16 or string.format('%.0f', n) == number or number_of(number) ~= nil
end

-- The position behind the JSON string whose opening quote is before `at`; nil if it is not one.
local function after_string(text, at)
  while true do
    local stop = text:find('["\\%z\1-\31]', at)
    local char = stop and text:sub(stop, stop)
    if char == '"' then
      return stop + 1
    elseif char ~= '\\' then
      return nil
    end
    at = text:match('^\\["\\/bfnrt]()', stop) or text:match('^\\u%x%x%x%x()', stop)
    if not at then
      return nil
    end
  end
end

-- The position behind the string, number or literal at `at`; nil if there is none.
local function after_scalar(text, at)
  if text:sub(at, at) == '"' then
    return after_string(text, at + 1)
  end
  local word, behind = text:match('^(%l+)()', at)
  if word then
    return (word == 'true' or word == 'false' or word == 'null') and behind or nil
  end
  behind = text:match('^-?0()', at) or text:match('^-?[1-9]%d*()', at)
  if not behind then
    return nil
  end
  behind = text:match('^%.%d+()', behind) or behind
  behind = text:match('^[eE][-+]?%d+()', behind) or behind
  return keeps_value(text:sub(at, behind - 1)) and behind or nil
end

local closing = { ['['] = ']', ['{'] = '}' }

-- Whether a text is a JSON array or object. Iterative: at any depth. O(n).
local function is_json(text)
  local open, depth, at = {}, 0, 1
  local function skip_space()
    at = text:find('[^ \t\r\n]', at) or #text + 1
    return text:sub(at, at)
  end
  -- Moves behind the name of an object's next member; true in an array.
  local function name()
    if open[depth] == ']' then
      return true
    end
    local behind = skip_space() == '"' and after_string(text, at + 1)
    at = behind or at
    at = behind and skip_space() == ':' and at + 1
    return at
  end
  repeat
    local close = closing[skip_space()]
    if close then
      depth, at = depth + 1, at + 1
      open[depth] = close
    else
      at = after_scalar(text, at)
      if not at then
        return false
      end
    end
    -- Whether an array or object has just been opened, and so may be closed, or have its first member.
    local opened = close ~= nil
    local value = false
    while depth > 0 and not value do
      local char = skip_space()
      if char == open[depth] then
        depth, at = depth - 1, at + 1
      elseif opened then
        value = true
      elseif char == ',' then
        at, value = at + 1, true
      else
        return false
      end
      opened = false
    end
    if value and not name() then
      return false
    end
  until depth == 0
  return skip_space() == ''
end
