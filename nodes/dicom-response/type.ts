/** The node type's name, by which flows, texts and error codes call it. Its html and catalogues spell it out. */
export const TYPE = 'dicom-response';
