export default {
  // Native code, which no bundler takes. Larder's packages are bundled, once for each part of the application.
  serverExternalPackages: ['@libsql/client', 'libsql'],
}
