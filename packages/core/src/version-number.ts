/** The release of this build, as in package.json. */
export const versionNumber = '0.1.0'
