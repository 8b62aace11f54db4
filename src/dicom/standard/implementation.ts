/** Identifies this software to its peers (PS3.7 D.3.3.2) and in its files (PS3.10 7.1). The UID is derived from a UUID (PS3.5 B.2). */
export const IMPLEMENTATION_CLASS_UID = '2.25.338447960323383617030656976996234231051';
export const IMPLEMENTATION_VERSION_NAME = 'NODE_RED_DICOM_0';
