import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  /** Paths of PEM files. */
  key: string;
  cert: string;
}

/** Certificates made by openssl in a folder of their own, which `remove` deletes. */
export class Certificates {
  private readonly folder = mkdtempSync(join(tmpdir(), 'dicom-tls-'));
  private serial = 1;

  /** A certificate authority. */
  authority(name: string): Certificate {
    const { key, cert } = this.paths(name);
    this.openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      key,
      '-out',
      cert,
    );
    return { key, cert };
  }

  /** @param days of validity from now; negative: it has expired */
  issue(name: string, issuer: Certificate, days = 2): Certificate {
    return this.sign(
      name,
      issuer,
      days,
      'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE',
    );
  }

  /** An authority that `issuer` vouches for. */
  intermediate(name: string, issuer: Certificate): Certificate {
    return this.sign(name, issuer, 2, 'basicConstraints=critical,CA:TRUE');
  }

  /** The key again, encrypted. */
  encrypted({ key }: Certificate, passphrase: string): string {
    const path = `${key}.encrypted`;
    this.openssl('rsa', '-aes256', '-passout', `pass:${passphrase}`, '-in', key, '-out', path);
    return path;
  }

  /** Key, certificate and the authority's certificate as PKCS #12. */
  p12({ key, cert }: Certificate, authority: Certificate, passphrase: string): string {
    const path = `${cert}.p12`;
    this.openssl(
      'pkcs12',
      '-export',
      '-inkey',
      key,
      '-in',
      cert,
      '-certfile',
      authority.cert,
      '-passout',
      `pass:${passphrase}`,
      '-out',
      path,
    );
    return path;
  }

  path(name: string): string {
    return join(this.folder, name.replaceAll(' ', '-'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private sign(name: string, issuer: Certificate, days: number, extensions: string): Certificate {
    const { key, cert } = this.paths(name);
    const [request, extensionFile] = [this.path(`${name}.csr`), this.path(`${name}.ext`)];
    writeFileSync(extensionFile, `${extensions}\n`);
    this.openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/O=Clinic/CN=${name}`,
      '-keyout',
      key,
      '-out',
      request,
    );
    const by = ['-CA', issuer.cert, '-CAkey', issuer.key, '-set_serial', String((this.serial += 1))];
    this.openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...by,
      '-days',
      String(days),
      '-extfile',
      extensionFile,
      '-out',
      cert,
    );
    return { key, cert };
  }

  private paths(name: string): Certificate {
    return { key: this.path(`${name}.key`), cert: this.path(`${name}.pem`) };
  }

  private openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}
