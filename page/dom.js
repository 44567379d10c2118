// Draws a description of elements, and changes only what differs from what is there. No component has state of its own:
// a view is a function from the state of the page to a description.

const NOTHING = {}

// An element: `h('a', { href: '#' }, 'text')`. `key` names it among its siblings, `ref` is called with a new element.
export const h = (tag, props, ...children) => ({
  tag,
  props: props ?? NOTHING,
  key: props?.key,
  children: described(children),
})

const described = (children) => {
  const list = []
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === true) continue
    list.push(typeof child === 'object' ? child : { text: String(child) })
  }
  return list
}

// What is set on the object and not as an attribute, since it is the state of a control.
const AS_PROPERTY = new Set(['value', 'checked', 'disabled', 'hidden', 'open', 'selected', 'indeterminate', 'readOnly'])

const setProp = (element, name, value, before) => {
  if (name === 'key' || name === 'ref') return
  if (name.startsWith('on')) element[name] = value ?? null
  else if (name === 'style') setStyle(element, value ?? NOTHING, before ?? NOTHING)
  else if (AS_PROPERTY.has(name)) {
    // Somebody may be typing: what is there already is not written again.
    const wanted = value ?? (typeof element[name] === 'boolean' ? false : '')
    if (element[name] !== wanted) element[name] = wanted
  } else if (value === null || value === undefined || value === false) element.removeAttribute(name)
  else element.setAttribute(name, value === true ? '' : value)
}

const setStyle = (element, style, before) => {
  for (const name in before) if (!(name in style)) element.style.removeProperty(name)
  for (const name in style) if (style[name] !== before[name]) element.style.setProperty(name, style[name])
}

const create = (node) => {
  if (node.text !== undefined) return (node.element = document.createTextNode(node.text))
  const element = (node.element = document.createElement(node.tag))
  patch(element, [], node.children)
  // After the children: a `select` has its value only among its options.
  for (const name in node.props) setProp(element, name, node.props[name])
  node.props.ref?.(element)
  return element
}

const update = (before, node) => {
  const element = (node.element = before.element)
  if (node.text !== undefined) {
    if (node.text !== before.text) element.data = node.text
    return
  }
  patch(element, before.children, node.children)
  for (const name in before.props) if (!(name in node.props)) setProp(element, name, undefined, before.props[name])
  for (const name in node.props) {
    const isState = AS_PROPERTY.has(name)
    if (isState || node.props[name] !== before.props[name]) setProp(element, name, node.props[name], before.props[name])
  }
}

// Nodes can take each other's place if they are of one kind, and have one key where they have one.
const kind = (node) => `${node.text === undefined ? node.tag : '#'} ${node.key ?? ''}`

const patch = (parent, before, after) => {
  const waiting = new Map()
  for (const node of before) {
    const same = waiting.get(kind(node))
    if (same) same.push(node)
    else waiting.set(kind(node), [node])
  }
  const matches = after.map((node) => waiting.get(kind(node))?.shift())
  for (const rest of waiting.values()) for (const node of rest) node.element.remove()
  after.forEach((node, place) => {
    if (matches[place]) update(matches[place], node)
    const element = node.element ?? create(node)
    const there = parent.childNodes[place]
    if (there !== element) parent.insertBefore(element, there ?? null)
  })
}

const drawn = new WeakMap()

// Has the container show these nodes.
export const render = (container, ...children) => {
  const before = drawn.get(container)
  if (!before) container.replaceChildren()
  const after = described(children)
  patch(container, before ?? [], after)
  drawn.set(container, after)
}

// Calls `draw` once a frame at most, however often it is asked for. A page that is not seen has no frames.
export const scheduled = (draw) => {
  let isAsked = false
  return () => {
    if (isAsked) return
    isAsked = true
    const run = () => {
      if (!isAsked) return
      isAsked = false
      draw()
    }
    requestAnimationFrame(run)
    setTimeout(run, 200)
  }
}
