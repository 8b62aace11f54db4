/**
 * What the runtime tells the editor with Node-RED's settings: whether it may use port 104. Node-RED wants the type's name before
 * the setting's.
 */
export const MAY_USE_PORT_104 = 'dicomInMayUsePort104';
