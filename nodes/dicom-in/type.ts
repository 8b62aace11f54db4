/** The node type's name, by which flows, routes, permissions, texts and metrics call it. Its html and catalogues spell it out. */
export const TYPE = 'dicom-in';

/** What the editor gets to know with Node-RED's settings, which wants the type's name before the setting's. */
export const MAY_USE_PORT_104 = 'dicomInMayUsePort104';
