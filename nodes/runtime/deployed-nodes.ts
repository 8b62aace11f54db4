/** A class of deployed nodes, or one that they extend because of what they let others do. */
type Kind<Deployed> = abstract new (...args: never[]) => Deployed;

/** The nodes of this package that are deployed now, by node id: how the editor's routes and other nodes reach them. */
class DeployedNodes {
  private readonly nodes = new Map<string, object>();

  add(id: string, node: object): void {
    this.nodes.set(id, node);
  }

  remove(id: string): void {
    this.nodes.delete(id);
  }

  /** Undefined where no node has the id, or where that is of another kind. */
  get<Deployed extends object>(id: string, kind: Kind<Deployed>): Deployed | undefined {
    const node = this.nodes.get(id);
    return node instanceof kind ? node : undefined;
  }

  /** All of a kind. */
  all<Deployed extends object>(kind: Kind<Deployed>): Deployed[] {
    return this.entries(kind).map(([, node]) => node);
  }

  /** The same, with their ids. */
  entries<Deployed extends object>(kind: Kind<Deployed>): [id: string, node: Deployed][] {
    return [...this.nodes].filter((entry): entry is [string, Deployed] => entry[1] instanceof kind);
  }
}

export const deployedNodes = new DeployedNodes();
