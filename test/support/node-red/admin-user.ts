/** Users of a Node-RED with `adminAuth`, and their tokens. All have the password "secret". */
export const PASSWORD = 'secret';
const HASH = '$2b$04$8u8WSZCtzb7.oqUlbcD2P.wbl3gpiQYrtuZOiyas4QLLxr/cuahRu';

/** The `adminAuth` setting with a user for each set of permissions, by name. */
export function adminAuth(users: Readonly<Record<string, string>>): Record<string, unknown> {
  const entries = Object.entries(users);
  return {
    type: 'credentials',
    users: entries.map(([username, permissions]) => ({ username, permissions, password: HASH })),
  };
}

/** The header that lets a request in as this user. @param scope permissions that the user has */
export async function authorization(
  url: string,
  username: string,
  scope: string,
): Promise<{ Authorization: string }> {
  const response = await fetch(`${url}/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope,
      username,
      password: PASSWORD,
    }),
  });
  if (!response.ok) throw new Error(`auth/token: HTTP ${response.status} ${await response.text()}`);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return { Authorization: `Bearer ${token}` };
}
