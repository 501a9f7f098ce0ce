/** Eight header fields as Chrome sends them on plain HTTP/1.1, in its order, with a session cookie of common length. */
export const BROWSER_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['sec-ch-ua', '"Chromium";v="138", "Google Chrome";v="138", "Not)A;Brand";v="99"'],
  ['sec-ch-ua-mobile', '?0'],
  ['sec-ch-ua-platform', '"Linux"'],
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
  ],
  [
    'Accept',
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
  ],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cookie', 'session=5f0d1a9c2b7e4c6f8a3d0e1b2c4f6a8d; theme=dark; consent=essential'],
]
