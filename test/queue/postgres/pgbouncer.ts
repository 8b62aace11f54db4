import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scps } from '../../support/peers/scps';

/** Debian's; it does not run as root. */
const PGBOUNCER = '/usr/sbin/pgbouncer';

/** Starts PgBouncer before a server, and calls back with its port. */
export async function withPgBouncer(
  serverPort: number,
  mode: 'session' | 'transaction' | 'statement',
  use: (port: number) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  chmodSync(folder, 0o755);
  const config = join(folder, 'pgbouncer.ini');
  const scps = new Scps();
  try {
    const port = await scps.start('/usr/bin/env', (own) => {
      const settings = [
        '[databases]',
        `postgres = host=127.0.0.1 port=${serverPort} user=postgres`,
        '[pgbouncer]',
        'listen_addr = 127.0.0.1',
        `listen_port = ${own}`,
        'unix_socket_dir =',
        'auth_type = any',
        `pool_mode = ${mode}`,
      ];
      writeFileSync(config, `${settings.join('\n')}\n`);
      return [PGBOUNCER, ...(process.getuid?.() === 0 ? ['-u', 'postgres'] : []), config];
    });
    await use(port);
  } finally {
    await scps.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
