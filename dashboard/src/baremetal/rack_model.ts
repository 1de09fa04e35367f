// How nodes are arranged on the rack: groups by a field, each cut into lines of so many cards.
import { type NodeRow, nameOf } from "./models";

export interface RackGroup {
  name: string;
  nodes: NodeRow[];
}

/** Either a group's head or one line of its cards. */
export interface RackLine {
  key: string;
  group: string;
  head?: RackGroup;
  nodes: NodeRow[];
  isLast: boolean;
}

const words = new Intl.Collator(undefined, { numeric: true });

/** Nodes by the name of their group, groups and nodes in the order of people. */
export function groupsOf(nodes: NodeRow[], groupName: (node: NodeRow) => string): RackGroup[] {
  const found = new Map<string, NodeRow[]>();
  for (const node of nodes) {
    const name = groupName(node);
    const members = found.get(name);
    if (members) members.push(node);
    else found.set(name, [node]);
  }
  return [...found]
    .sort(([a], [b]) => words.compare(a, b))
    .map(([name, members]) => ({
      name,
      nodes: members.sort((a, b) => words.compare(nameOf(a), nameOf(b))),
    }));
}

export function linesOf(groups: RackGroup[], columns: number): RackLine[] {
  return groups.flatMap((head) => {
    const group = head.name;
    const lines: RackLine[] = [{ key: group, group, head, nodes: [], isLast: false }];
    for (let at = 0; at < head.nodes.length; at += columns) {
      const nodes = head.nodes.slice(at, at + columns);
      lines.push({
        key: `${group} ${at}`,
        group,
        nodes,
        isLast: at + columns >= head.nodes.length,
      });
    }
    return lines;
  });
}
