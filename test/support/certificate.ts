/** Makes certificates for tests: of a certificate authority, and of one host name or IP address. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import forge from 'node-forge';

export interface Certificates {
  /** The certificate of the authority, PEM. */
  authority: string;
  /** The certificate of the name, then that of the authority, PEM. */
  chain: string;
  /** The private key of the name, PEM. */
  key: string;
}

const days = 30;
const { pki, md } = forge;

const keyPair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

function certificate(publicKey: string, subject: string, issuer: string): forge.pki.Certificate {
  const made = pki.createCertificate();
  made.publicKey = pki.publicKeyFromPem(publicKey);
  // A serial number is positive, so its top bit is not set (RFC 5280 §4.1.2.2).
  made.serialNumber = `01${randomBytes(16).toString('hex')}`;
  made.validity.notBefore = new Date(Date.now() - 3_600_000);
  made.validity.notAfter = new Date(Date.now() + days * 86_400_000);
  made.setSubject([{ name: 'commonName', value: subject }]);
  made.setIssuer([{ name: 'commonName', value: issuer }]);
  return made;
}

/** @param name host name or address that the certificate is for */
export function makeCertificates(name: string): Certificates {
  const authorityName = 'Frontdesk tests';
  const [authorityKeys, keys] = [keyPair(), keyPair()];
  const sign = (it: forge.pki.Certificate) =>
    it.sign(pki.privateKeyFromPem(authorityKeys.privateKey), md.sha256.create());

  const authority = certificate(authorityKeys.publicKey, authorityName, authorityName);
  authority.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  sign(authority);

  const leaf = certificate(keys.publicKey, name, authorityName);
  leaf.setExtensions([
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    // Type 7 is an IP address, type 2 a host name (RFC 5280 §4.2.1.6).
    { name: 'subjectAltName', altNames: [isIP(name) ? { type: 7, ip: name } : { type: 2, value: name }] },
    { name: 'authorityKeyIdentifier', keyIdentifier: authority.generateSubjectKeyIdentifier().getBytes() },
  ]);
  sign(leaf);

  const authorityPem = pki.certificateToPem(authority);
  return { authority: authorityPem, chain: pki.certificateToPem(leaf) + authorityPem, key: keys.privateKey };
}

export interface Certificate {
  key: string;
  cert: string;
}

/** Makes a certificate for a name, which only this process trusts. */
export function trustedCertificate(name: string): Certificate {
  const { authority, chain, key } = makeCertificates(name);
  setDefaultCACertificates([...getCACertificates('default'), authority]);
  return { key, cert: chain };
}
