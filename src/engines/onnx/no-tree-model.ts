/** Thrown while a graph is read as trees, and told as the reason why it is none. */
export class NoTreeModel extends Error {}
