/** A certificate for names on this machine, trusted by this process alone. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

export interface Certificate {
  key: string;
  cert: string;
}

/** Made by openssl; good for `name` until the day after. */
export function trustedCertificate(name: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'frontdesk-certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '1', ...subject], {
    stdio: 'pipe',
  });
  const pem = readFileSync(cert, 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), pem]);
  return { key: readFileSync(key, 'utf8'), cert: pem };
}
