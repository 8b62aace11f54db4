/** Reading what is not known takes turns with other work. */
const TURN_MS = 2;

/** How many objects of each study wait or are in flight. */
export class StudyCounts {
  private readonly counts = new Map<string, number>();
  /** By id; '' where the object names none. */
  private readonly studies = new Map<string, string>();
  /** Objects of earlier runs, which nobody has asked for yet. */
  private readonly unknown = new Set<string>();

  /** @param study undefined: it is read from the object when somebody asks */
  came(id: string, study: string | undefined): void {
    if (study === undefined) {
      this.unknown.add(id);
      return;
    }
    this.studies.set(id, study);
    this.counts.set(study, (this.counts.get(study) ?? 0) + 1);
  }

  left(id: string): void {
    if (this.unknown.delete(id)) return;
    const study = this.studies.get(id);
    if (study === undefined) return;
    this.studies.delete(id);
    const count = this.counts.get(study) ?? 0;
    if (count > 1) this.counts.set(study, count - 1);
    else this.counts.delete(study);
  }

  /** @param studyOf reads an object's study */
  async of(study: string, studyOf: (id: string) => string): Promise<number> {
    let until = performance.now() + TURN_MS;
    for (const id of this.unknown) {
      this.unknown.delete(id);
      this.came(id, studyOf(id));
      if (performance.now() < until) continue;
      await new Promise((resolve) => setImmediate(resolve));
      until = performance.now() + TURN_MS;
    }
    return this.counts.get(study) ?? 0;
  }

  clear(): void {
    this.counts.clear();
    this.studies.clear();
    this.unknown.clear();
  }
}
